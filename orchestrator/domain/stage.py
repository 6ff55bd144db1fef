"""From a customer's stage to a canonical stage, and what identifies one stage entry."""

from collections.abc import Mapping
from datetime import UTC
from urllib.parse import quote

from msgspec import Struct

from adapters.contract.model import Application, Stage, StageKind


class StageMap(Struct, frozen=True):
    """The explicit table of one connection: stage id or exact stage name → canonical stage. Never guessed."""

    kinds: Mapping[str, StageKind]

    def kind_of(self, stage: Stage) -> StageKind | None:
        """Look the stage up by id, then by name (case and surrounding space do not matter); None: quarantine it.

        Where the vendor itself says that a stage is terminal, that wins: a wrong table must not hide an ending.
        """
        if stage.kind is not None and stage.kind.terminal:
            return stage.kind
        return self.kinds.get(stage.id) or self.kinds.get(normal_name(stage.name)) or stage.kind


def normal_name(name: str) -> str:
    """Fold case and white space, so that "First  interview " and "First Interview" are one name."""
    return " ".join(name.casefold().split())


def entry_key(application: Application, *, visits: int) -> str:
    """Identify one entry of an application into a stage, from the re-read application and never from a delivery (N3).

    ``visits`` counts how often we saw the application leave this stage; it is the only thing that tells two entries
    apart where the vendor exposes neither a history id nor an entry time.
    """
    entry = application.entry
    if entry.history_id is not None:
        mark = f"h:{entry.history_id}"
    elif entry.entered_at is not None:
        mark = f"t:{entry.entered_at.astimezone(UTC).isoformat()}"
    else:
        mark = f"v:{visits}"
    # Quoted, so that a slash in an id cannot make two entries look like one.
    return f"{quote(application.id, safe='')}/{quote(application.stage.id, safe='')}/{mark}"


def visit_of(key: str) -> str:
    """What the keys of all entries of one application into one stage begin with."""
    application, stage, _ = key.split("/", 2)
    return f"{application}/{stage}/"


def counted(key: str) -> bool:
    """Whether a key tells entries apart by our own counting, because the vendor said neither id nor time."""
    return key.split("/", 2)[2].startswith("v:")
