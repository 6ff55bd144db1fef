"""Write-back: which values go to which ATS fields, and what may be overwritten (N4).

A field is ours only if the mapping says so, and its value only if it is empty or what we wrote last.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from adapters.contract.model import FieldValue, Visibility
from orchestrator.domain.program import Strict
from orchestrator.domain.result import Result

Key = Annotated[str, Meta(min_length=1, max_length=120, description="key of the custom field in the ATS")]


class FieldMap(Strict, frozen=True, kw_only=True):
    """Which part of a result goes to which custom field; a part that is not named here is not written.

    ``note`` adds the bullets as a note with this visibility. Where an ATS has no custom fields, notes carry all of it.
    """

    completion: Key | None = None
    band: Key | None = None
    subscores: Key | None = None
    score: Key | None = None
    bullets: Key | None = None
    link: Key | None = None
    audit_ref: Key | None = None
    note: Visibility | None = None

    def field_keys(self) -> tuple[str, ...]:
        """Every field key that the mapping declares as ours."""
        values = (self.completion, self.band, self.subscores, self.score, self.bullets, self.link, self.audit_ref)
        return tuple(value for value in values if value is not None)

    @property
    def notes_only(self) -> bool:
        """True where no field is mapped: what would stand in fields stands in the notes."""
        return not self.field_keys()


class FieldVerdict(StrEnum):
    """What to do with one field, having read its value in the ATS."""

    WRITE = "write"
    SAME = "same"
    CONFLICT = "conflict"


def compare(*, current: FieldValue, wanted: FieldValue, last_written: FieldValue) -> FieldVerdict:
    """Read-compare-write: empty or our own last value may be written, anything else a person wrote."""
    if _equal(current, wanted):
        return FieldVerdict.SAME
    if current is None or current == "" or _equal(current, last_written):
        return FieldVerdict.WRITE
    return FieldVerdict.CONFLICT


def result_fields(result: Result, mapping: FieldMap) -> dict[str, FieldValue]:
    """Values of a final result by field key."""
    values: Mapping[str | None, FieldValue] = {
        mapping.completion: result.completion,
        mapping.band: result.band_label,
        mapping.subscores: "\n".join(f"{s.name}: {s.text}" for s in result.subscores),
        mapping.score: result.percent,
        mapping.bullets: "\n".join(f"• {bullet.text}" for bullet in result.bullets),
        mapping.link: result.link,
        mapping.audit_ref: result.audit_ref,
    }
    return {key: value for key, value in values.items() if key is not None and value not in {None, ""}}


def completion_fields(completion: str, mapping: FieldMap, *, link: str = "") -> dict[str, FieldValue]:
    """Values that say where an interview stands by field key; ``link`` leads to the case while a person is waited for."""
    values: Mapping[str | None, FieldValue] = {mapping.completion: completion, mapping.link: link}
    return {key: value for key, value in values.items() if key is not None and value}


def note_marker(result_id: str) -> str:
    """The words by which a note of ours is found again: the ATSs have no idempotency keys."""
    return f"[evenhand {result_id}]"


def completion_note(completion: str, *, marker: str, link: str = "") -> str:
    """The note that says where an interview stands, for an ATS without custom fields, or without one for the ``link``.

    The link leads to the case while a person is waited for; it asks for a sign-in.
    """
    return "\n".join([f"First interview: {completion}", *([f"Review: {link}"] if link else []), marker])


def note_body(result: Result, *, whole: bool = False) -> str:
    """The private note: band, bullets, link; with ``whole`` the subscores too, where no field holds them.

    Short on purpose; the artefacts are behind the link.
    """
    lines = [
        f"First interview: {result.band_label}",
        *(f"{subscore.name}: {subscore.text}" for subscore in result.subscores if whole),
        *(f"• {bullet.text}" for bullet in result.bullets),
        f"Evidence: {result.link}",
        "A summary of what was said, not a verdict. A person decides.",
        note_marker(result.audit_ref),
    ]
    return "\n".join(lines)


def _equal(left: FieldValue, right: FieldValue) -> bool:
    if left in {None, ""} and right in {None, ""}:
        return True
    if isinstance(left, str) and isinstance(right, str):
        return left.replace("\r\n", "\n").strip() == right.replace("\r\n", "\n").strip()
    if isinstance(left, int | float) and isinstance(right, int | float):
        return float(left) == float(right)
    return left == right
