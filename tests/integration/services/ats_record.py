"""What the ATS says was written into it, and what our sync log says about that."""

import sqlalchemy as sa

from orchestrator.db.models.writeback import SyncRow
from tests.fixtures.house import House
from tests.integration.services.people import Newcomer

OURS = {
    "interview_completion",
    "interview_band",
    "interview_subscores",
    "interview_summary",
    "interview_link",
    "interview_audit_ref",
    "interview_score",
}


async def sync_of(house: House, application: Newcomer) -> list[SyncRow]:
    """The sync log of an application, oldest first."""
    async with house.runtime.database.reading() as session:
        statement = sa.select(SyncRow).where(SyncRow.external_id == application.id).order_by(SyncRow.id)
        return list(await session.scalars(statement))


async def written_values(house: House, application: Newcomer, subject: str) -> list[object]:
    """Every value that a field of the ATS had, from its activity log."""
    log = await house.sandbox.get(f"/api/v1/applications/{application.id}/activity", limit=100)
    return [line["new"] for line in log["items"] if line["action"] == "field.changed" and line["subject"] == subject]
