"""Write-backs, the values that are ours, and the sync log."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.model import FieldValue
from orchestrator.db.models.writeback import OwnedFieldRow, WriteBackRow, WriteBackState


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
                WriteBackRow.state.in_((WriteBackState.PENDING, WriteBackState.GIVEN_UP)),
            )
        )
    ).all()
    for row in unsettled:
        for key, value in row.fields.items():
            values.setdefault(key, []).append(value)
    return values
