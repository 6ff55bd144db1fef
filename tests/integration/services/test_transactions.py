"""What one event costs: every write transaction is a wait for the disk, so their number must not creep up."""

from pathlib import Path

import pytest

from tests.fixtures.commits import counted_commits
from tests.fixtures.house import running_house
from tests.integration.services.people import Colleague, in_review, newcomer
from tests.integration.services.rows import settled

MOST = {
    "delivery.process": 2,
    "mail.send": 2,
    "interview.score": 1,
    "ats.write": 4,
}
WITH_NOTE = 5


@pytest.mark.usefixtures("database_url")
async def test_the_main_job_costs_few_transactions(database_url: str, tmp_path: Path) -> None:
    """From the move in the ATS to the result with its note: no step commits more often than it has to."""
    async with running_house(database_url, tmp_path) as house:
        database = house.runtime.database
        with counted_commits(database) as commits:
            application = await newcomer(house)
            case = await in_review(house, application)
            await settled(house)
            with Colleague(house) as robin:
                await robin.sign_in()
                await robin.send(f"/review/{case}", "/decision")
            await settled(house)
        profile = await house.sandbox.profile(application.id)
    assert profile["custom_fields"]["interview_completion"] == "Completed"
    assert len(profile["notes"]) == 1
    seen = {kind: commits.of_kind(kind) for kind in MOST}
    *completions, result = seen["ats.write"]
    assert result <= WITH_NOTE
    assert len(completions) == 4
    for kind, most in MOST.items():
        counts = completions if kind == "ats.write" else seen[kind]
        assert counts, kind
        assert max(counts) <= most, (kind, counts)
