"""From the ATS to the case in one click while a person is waited for: in the link's field, or in the note."""

from pathlib import Path

import pytest

from adapters.contract.model import FieldValue
from orchestrator.db.models.writeback import WriteBackKind, WriteBackRow
from orchestrator.db.session import Database
from orchestrator.domain.writeback import FieldMap
from orchestrator.services.field_check import as_mapped_now
from tests.fixtures.house import House, running_house
from tests.integration.services.people import ROOMY, Colleague, Newcomer, in_review, interview_of, newcomer
from tests.integration.services.rows import settled

WITHOUT_LINK = ("      link: interview_link\n", "")


async def _case_link(house: House, application: Newcomer) -> str:
    interview = await interview_of(house, application)
    return f"{house.url}/review/applications/{interview.application_id}"


async def test_the_field_of_the_link_leads_to_the_case_until_there_is_a_result(sqlite_url: str, tmp_path: Path) -> None:
    """It asks for a sign-in, opens the case, says nothing of a band, and gives way to the result's link."""
    async with running_house(sqlite_url, tmp_path, changes=(ROOMY,)) as house:
        application = await newcomer(house)
        case = await in_review(house, application)
        await settled(house)
        link = str(await house.field(application.id, "interview_link"))
        assert link == await _case_link(house, application)
        with Colleague(house) as colleague:
            assert "/sign-in" in (await colleague.open(link.removeprefix(house.url))).url
            await colleague.sign_in()
            assert (await colleague.open(link.removeprefix(house.url))).url.endswith(f"/review/{case}")
            await colleague.send(f"/review/{case}", "/decision")
        await house.until_field(application.id, "interview_completion", "Completed")
        assert str(await house.field(application.id, "interview_link")).startswith(f"{house.url}/results/")


async def test_where_no_field_holds_the_link_a_note_does(sqlite_url: str, tmp_path: Path) -> None:
    """One private note with the way to the case, and no band."""
    async with running_house(sqlite_url, tmp_path, changes=(ROOMY, WITHOUT_LINK)) as house:
        application = await newcomer(house)
        await in_review(house, application)
        await settled(house)
        profile = await house.sandbox.profile(application.id)
        assert set(profile["custom_fields"]) == {"interview_completion"}
        [note] = profile["notes"]
        assert note["visibility"] == "private"
        first, second, marker = note["body"].splitlines()
        assert (first, second) == (
            "First interview: In review",
            f"Review: {await _case_link(house, application)}",
        )
        assert marker.startswith("[evenhand ")


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (FieldMap(completion="state", link="way"), {"gone": None, "state": "In review", "way": "http://l/1"}),
        (FieldMap(completion="state"), {"gone": None, "state": "In review"}),
    ],
)
async def test_a_map_that_was_mended_meanwhile_keeps_both_apart(
    now: FieldMap, wanted: dict[str, str | None], sqlite_database: Database
) -> None:
    """What waited is written under today's keys, the words and the way each to their own; a field that is not ours is left."""
    fields: dict[str, FieldValue] = {"gone": None, "way": "In review", "state": "http://l/1"}
    row = WriteBackRow(kind=WriteBackKind.COMPLETION, fields=fields)
    async with sqlite_database.reading() as session:
        assert await as_mapped_now(session, row, now) == wanted
