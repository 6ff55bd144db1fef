"""Write-backs, the values that are ours, and the sync log."""

import hashlib
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.model import FieldValue
from orchestrator.db.models.writeback import OwnedFieldRow, WriteBackAttemptRow, WriteBackRow, WriteBackState

NOTE = "note"
_FINGERPRINT = "sha256:"


def fingerprint(value: FieldValue) -> str:
    """What is kept of a value that we wrote after its words were removed: enough to know it again."""
    text = value.replace("\r\n", "\n").strip() if isinstance(value, str) else repr(value)
    return _FINGERPRINT + hashlib.sha256(text.encode()).hexdigest()


def recalled(value: FieldValue, *, current: FieldValue) -> FieldValue:
    """The value behind a fingerprint where it is the one that stands in the ATS now; any other value as it is."""
    known = isinstance(value, str) and value.startswith(_FINGERPRINT) and value == fingerprint(current)
    return current if known else value


async def note_acknowledged(session: AsyncSession, write_back_id: uuid.UUID) -> bool:
    """Whether the ATS has confirmed the note of a write-back."""
    found = sa.exists().where(
        WriteBackAttemptRow.write_back_id == write_back_id,
        WriteBackAttemptRow.outcome == "sent",
        WriteBackAttemptRow.detail.startswith(f"{NOTE} "),
    )
    return bool(await session.scalar(sa.select(found)))


async def owned_fields(session: AsyncSession, application_id: uuid.UUID) -> set[str]:
    """Fields of an application that hold a value of ours, or will when what is still to be written has been."""
    return {field for field, values in (await our_values(session, application_id)).items() if values != [None]}


async def our_values(session: AsyncSession, application_id: uuid.UUID) -> dict[str, list[FieldValue]]:
    """By field, every value that may stand in the ATS because we wrote it.

    That is what we know to have written last, and what an unfinished write-back may have written before it was cut off.
    """
    values: dict[str, list[FieldValue]] = {}
    owned = await session.scalars(sa.select(OwnedFieldRow).where(OwnedFieldRow.application_id == application_id))
    for field in owned:
        values.setdefault(field.field, []).append(field.value)
    unsettled: Sequence[WriteBackRow] = (
        await session.scalars(
            sa.select(WriteBackRow).where(
                WriteBackRow.application_id == application_id,
                WriteBackRow.state == WriteBackState.PENDING,
            )
        )
    ).all()
    for row in unsettled:
        for key, value in row.fields.items():
            values.setdefault(key, []).append(value)
    return values


async def overtaken(session: AsyncSession, row: WriteBackRow) -> set[str]:
    """Fields that a later write-back of the same application has settled: an older value must not replace a newer one.

    Comes to pass where a dead letter is run again after its successors were written.
    """
    later = await session.scalars(
        sa.select(WriteBackRow).where(
            WriteBackRow.application_id == row.application_id,
            WriteBackRow.state.in_((WriteBackState.WRITTEN, WriteBackState.CONFLICT)),
            sa.or_(
                sa.and_(WriteBackRow.interview_id == row.interview_id, WriteBackRow.sequence > row.sequence),
                sa.and_(WriteBackRow.interview_id != row.interview_id, WriteBackRow.created_at > row.created_at),
            ),
        )
    )
    return {key for other in later for key in other.fields}
