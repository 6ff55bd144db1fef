"""The port that every vendor implements.

There is no verb here that rejects, archives or disqualifies anyone, and none that sets a disposition (N1).
``advance`` stands apart, takes only a :class:`ForwardMove`, and a ForwardMove to a terminal stage cannot be made.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, Self, runtime_checkable

from msgspec import Struct

from adapters.contract.errors import Refused
from adapters.contract.events import Event
from adapters.contract.manifest import Manifest
from adapters.contract.model import Application, ChangedPage, FieldDefinition, FieldValue, Note, Stage, Visibility


class ForwardMove(Struct, frozen=True, kw_only=True):
    """Permission to move one application forward: made only for an allow-listed stage that is not terminal."""

    application_id: str
    stage: Stage

    @classmethod
    def to(cls, stage: Stage, *, application_id: str, allowed_stage_ids: frozenset[str]) -> Self:
        """Check the move and make it.

        Raises:
            Refused: ``terminal_stage`` where the stage ends an application, ``unknown_stage`` where nobody said what
                kind of stage it is, ``stage_not_allowed`` where the customer did not list it.
        """
        move = cls(application_id=application_id, stage=stage)
        if stage.id not in allowed_stage_ids:
            raise Refused(f"stage {stage.name!r} is not on the allow-list of forward moves", code="stage_not_allowed")
        return move

    def __post_init__(self) -> None:
        if self.stage.kind is None:
            raise Refused(
                f"nobody mapped stage {self.stage.name!r}, so Evenhand may not move to it", code="unknown_stage"
            )
        if self.stage.kind.terminal:
            raise Refused(
                f"stage {self.stage.name!r} ends an application; only a person moves there", code="terminal_stage"
            )


class Adapter(Protocol):
    """One connection to one ATS. Every coroutine raises the errors of :mod:`adapters.contract.errors`, nothing else."""

    @property
    def manifest(self) -> Manifest:
        """Facts about the vendor."""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check the signature on the raw bytes, in constant time, against every current secret.

        ``headers`` has lower-case names. An empty ``secrets``, or an empty secret in it, verifies nothing.

        Raises:
            SignatureInvalid: unsigned, wrongly signed, or outside the replay window.
        """
        ...

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a verified delivery means.

        Raises:
            PayloadInvalid: the bytes are not the vendor's documented shape.
        """
        ...

    async def read_application(self, application_id: str) -> Application:
        """Re-read one application with candidate, job, stage and stage entry."""
        ...

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List applications changed since ``cursor``.

        Without a cursor, those changed since ``since``, or everything that the ATS still tells.
        """
        ...

    async def list_stages(self) -> tuple[Stage, ...]:
        """List every stage that the credentials can see."""
        ...

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """List the custom fields of applications."""
        ...

    async def read_fields(self, application_id: str) -> Mapping[str, FieldValue]:
        """Read the custom fields of one application, by field key. A field without a value is None or absent."""
        ...

    async def write_fields(
        self, application_id: str, values: Mapping[str, FieldValue], *, expected: Mapping[str, FieldValue]
    ) -> None:
        """Write these custom fields and no others.

        ``expected`` is what was read of the same fields a moment ago. Where the ATS can compare and write in one step
        (CONDITIONAL_WRITES), nothing is written unless it still stands there; elsewhere whoever writes in that moment
        is overwritten, and the adapter's README says so.

        Raises:
            Conflict: somebody else was faster; nothing was written.
            OutcomeUnknown: the request was sent and not answered.
        """
        ...

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List every note that the credentials can see, oldest first."""
        ...

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note.

        Raises:
            OutcomeUnknown: the request was sent and not answered.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class ForwardMover(Protocol):
    """The separate capability ``advance``: off by default, used only after a human decision."""

    async def advance(self, move: ForwardMove) -> None:
        """Move the application forward to an allow-listed stage that is not terminal."""
        ...
