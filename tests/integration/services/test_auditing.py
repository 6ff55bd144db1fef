"""The audit of an ATS, on an ATS with every kind of disorder: what is counted, and that nothing is changed."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import sqlalchemy as sa

from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import ConsentRow, InterviewRow
from orchestrator.domain.tidiness import Issue
from tests.fixtures.house import running_house
from tests.integration.services.people import Candidate, move_to, new_job, newcomer
from tests.integration.services.rows import dump, settled


async def test_every_disorder_is_told_and_nothing_is_changed(database_url: str, tmp_path: Path) -> None:
    """Duplicates, titles, consent, stages and foreign values; examples are ids and never an address."""
    async with running_house(database_url, tmp_path) as house:
        await house.work()
        shared = "the-quills@applicants.example"
        one, two = await newcomer(house, email=shared), await newcomer(house, email=shared)
        twice = await house.sandbox.admin.post(
            "/api/v1/applications",
            json={"candidate_id": two.candidate_id, "job_id": house.sandbox.pilot.job_ids[0]},
        )
        odd = await new_job(house, "Costumer Support Specialist", "Applied", "Coffee chat")
        await move_to(house, await newcomer(house, job_id=odd), "Coffee chat")
        with Candidate(await house.invite(one.id)) as candidate:
            await candidate.begin()
        await settled(house)
        async with house.runtime.database.transaction() as tx:
            begun = sa.select(InterviewRow.id).join(ApplicationRow).where(ApplicationRow.external_id == one.id)
            await tx.session.execute(sa.delete(ConsentRow).where(ConsentRow.interview_id.in_(begun)))
        written = {"key": "interview_summary", "value": "We met and liked it"}
        answer = await house.sandbox.admin.post(f"/applications/{one.id}/field", data=written)
        assert answer.status_code == 303, answer.text
        await settled(house)
        before = await dump(house.runtime.database)
        report = await house.runtime.looking.auditing.report("sandbox")
        after = await dump(house.runtime.database)
        [audited] = report.connections
        told = {issue.issue: issue for issue in audited.issues}
        assert set(told) == set(Issue)
        assert " = ".join(sorted((one.candidate_id, two.candidate_id))) in told[Issue.SHARED_CONTACT].examples
        assert told[Issue.SAME_JOB_TWICE].count == (1 if twice.status_code == 201 else 0)
        assert any("Costumer" in example for example in told[Issue.TITLES_DIFFER].examples)
        assert told[Issue.CONSENT_MISSING].examples == (one.id,)
        assert any(example.startswith("Coffee chat (") for example in told[Issue.STAGE_UNMAPPED].examples)
        assert told[Issue.FIELD_FOREIGN].examples == (f"{one.id}: interview_summary",)
        assert told[Issue.UNREADABLE].count == 0
        assert "@" not in msgspec.json.encode(report).decode()
        changed = {table for table in after if after[table] != before[table]}
        assert changed <= {"sync_entry", "audit_event", "audit_head", "rate_bucket"}
        assert report.at <= datetime.now(UTC)
