"""Which migrations there are: read from their files, because Alembic takes longer to import than a process to be ready."""

import ast
import re
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

_ASSIGNMENT = re.compile(r"^(revision|down_revision)\b[^=\n]*= *(.+)$", re.MULTILINE)
"""As every migration has it, on one line: reading a whole one as Python takes long."""


class Revisions(NamedTuple):
    """Every revision of this release, and the newest (more than one where two branches were not merged)."""

    known: frozenset[str]
    newest: frozenset[str]


def script_location() -> Path:
    """Where the migrations are: inside the installed package, or beside it in a checkout (an editable install)."""
    packaged = Path(str(files("orchestrator") / "migrations"))
    return packaged if packaged.is_dir() else Path(str(files("orchestrator"))).parent / "alembic"


def revisions() -> Revisions:
    """Read them, as Alembic understands ``revision`` and ``down_revision``."""
    known: set[str] = set()
    replaced: set[str] = set()
    for file in (script_location() / "versions").glob("*.py"):
        found = _assigned(file.read_text("utf-8"))
        known.add(str(found["revision"]))
        below = found["down_revision"]
        replaced.update([below] if isinstance(below, str) else below or ())
    return Revisions(known=frozenset(known), newest=frozenset(known - replaced))


def _assigned(text: str) -> dict[str, str | tuple[str, ...] | None]:
    return {name: ast.literal_eval(value) for name, value in _ASSIGNMENT.findall(text)}
