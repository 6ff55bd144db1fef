"""Write-backs, the values that are ours, and the sync log."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.model import FieldValue
from orchestrator.db.models.writeback import (
    Direction,
    OwnedFieldRow,
    SyncRow,
    WriteBackAttemptRow,
    WriteBackRow,
    WriteBackState,
)
from orchestrator.db.upsert import insert_into

NOTE = "note"
ADD_NOTE = "add_note"
SENT = "sent"
ASKED = "asked"
"""A person was asked to look whether a note is there."""

SEPARATOR = ", "
_BEGUN = "begun"
_CUT_OFF = {_BEGUN, "interrupted"}
_FINGERPRINT = "sha256:"


def fingerprint(value: FieldValue) -> str:
    """What is kept of a value that we wrote after its words were removed: enough to know it again."""
    text = value.replace("\r\n", "\n").strip() if isinstance(value, str) else repr(value)
    return _FINGERPRINT + hashlib.sha256(text.encode()).hexdigest()


def recalled(value: FieldValue, *, current: FieldValue) -> FieldValue:
    """The value behind a fingerprint where it is the one that stands in the ATS now; any other value as it is."""
    known = isinstance(value, str) and value.startswith(_FINGERPRINT) and value == fingerprint(current)
    return current if known else value


class Acknowledged(Struct, frozen=True):
    """What the ATS has confirmed of one write-back. Which fields, and whether the note."""

    fields: frozenset[str]
    note: bool


async def acknowledged(session: AsyncSession, write_back_id: uuid.UUID, *, fields_since: datetime) -> Acknowledged:
    """What the ATS has confirmed of a write-back: of its fields since then, of its note whenever it was."""
    sent = await session.execute(
        sa.select(WriteBackAttemptRow.at, WriteBackAttemptRow.detail).where(
            WriteBackAttemptRow.write_back_id == write_back_id, WriteBackAttemptRow.outcome == SENT
        )
    )
    fields: set[str] = set()
    note = False
    for at, detail in sent:
        if detail.startswith(f"{NOTE} "):
            note = True
        elif at >= fields_since:
            fields.update(detail.split(SEPARATOR))
    return Acknowledged(frozenset(fields), note)


async def note_cut_off(session: AsyncSession, row: WriteBackRow, external_id: str) -> datetime | None:
    """When the newest note to an application since ``row`` was begun, if nobody saw the end of it."""
    last = (
        await session.execute(
            sa.select(SyncRow.at, SyncRow.outcome)
            .where(
                SyncRow.connection == row.connection,
                SyncRow.external_id == external_id,
                SyncRow.direction == Direction.PUSH,
                SyncRow.operation == ADD_NOTE,
                SyncRow.at >= row.created_at,
            )
            .order_by(SyncRow.id.desc())
            .limit(1)
        )
    ).first()
    return last.at if last is not None and last.outcome in _CUT_OFF else None


async def asked(session: AsyncSession) -> set[uuid.UUID]:
    """Pending write-backs of which a person was asked whether the note is there, and whose note was not sent since."""
    sent = sa.select(WriteBackAttemptRow.write_back_id).where(
        WriteBackAttemptRow.outcome == SENT, WriteBackAttemptRow.detail.startswith(f"{NOTE} ")
    )
    statement = (
        sa.select(WriteBackRow.id)
        .join(WriteBackAttemptRow, WriteBackAttemptRow.write_back_id == WriteBackRow.id)
        .where(
            WriteBackAttemptRow.outcome == ASKED,
            WriteBackRow.state == WriteBackState.PENDING,
            WriteBackRow.id.not_in(sent),
        )
    )
    return set(await session.scalars(statement.distinct()))


async def keep_attempt(session: AsyncSession, attempt: Mapping[str, object]) -> None:
    """Store a try with its id, once."""
    statement = insert_into(WriteBackAttemptRow, session.get_bind().dialect.name).values(**attempt)
    await session.execute(statement.on_conflict_do_nothing(index_elements=["id"]))


async def keep_exchange(session: AsyncSession, exchange: Mapping[str, object]) -> bool:
    """Store a push or pull with its id, or what came of one that had only begun; False where all that was known."""
    statement = insert_into(SyncRow, session.get_bind().dialect.name).values(**exchange)
    news = {name: statement.excluded[name] for name in ("duration_ms", "outcome", "detail")}
    kept = await session.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_=news, where=SyncRow.outcome == _BEGUN).returning(
            SyncRow.id
        )
    )
    return kept.first() is not None


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
            # By number, not by time: the clocks of two processes may differ by more than an interview takes to begin.
            WriteBackRow.sequence > row.sequence,
        )
    )
    return {key for other in later for key in other.fields}
