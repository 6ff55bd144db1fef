"""What people decide about results: confirm, override, close; who may, who was faster, and that every look is logged."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from orchestrator.db.models.account import Role
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.scoring import DecisionRow, ResultRow
from orchestrator.demo.script import Reviewer
from orchestrator.domain.interview import InterviewState
from tests.fixtures.house import House, running_house
from tests.integration.services.people import (
    ROOMY,
    Colleague,
    Newcomer,
    fresh_sqlite,
    in_review,
    interview_of,
    newcomer,
)
from tests.integration.services.rows import dump, settled

pytestmark = pytest.mark.asyncio(loop_scope="module")
KIM = Reviewer("kim@northwind-outdoor.example", "Kim Recruiter", "another-long-password")
WHY = "The second answer shows more than was seen."


async def with_kim(house: House) -> House:
    """Give the house a second account, a recruiter's."""
    await house.runtime.services.accounts.create(
        email=KIM.email, name=KIM.name, role=Role.RECRUITER, password=KIM.password
    )
    return house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("reviewing")
    async with running_house(fresh_sqlite(sqlite_template, folder), folder, changes=(ROOMY,)) as running:
        yield await with_kim(running)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kim(house: House) -> AsyncIterator[Colleague]:
    """A recruiter who is signed in."""
    with Colleague(house, KIM) as colleague:
        await colleague.sign_in()
        yield colleague


async def decisions(house: House, application: Newcomer) -> list[DecisionRow]:
    """What people decided about an application's interview."""
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        return list(await session.scalars(sa.select(DecisionRow).where(DecisionRow.interview_id == interview.id)))


async def results(house: House, application: Newcomer) -> list[ResultRow]:
    """The results of an application's interview."""
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        return list(await session.scalars(sa.select(ResultRow).where(ResultRow.interview_id == interview.id)))


async def looks(house: House, tag: str, subject: uuid.UUID) -> int:
    """How many audit events there are of a tag about a subject."""
    statement = sa.select(sa.func.count()).where(AuditRow.tag == tag, AuditRow.subject == str(subject))
    async with house.runtime.database.reading() as session:
        return await session.scalar(statement) or 0


async def test_confirming_keeps_the_recommendation(house: House, kim: Colleague) -> None:
    """One decision beside the scorecard, one result, and the band in the ATS is the machine's own."""
    application = await newcomer(house)
    case = await in_review(house, application)
    page = await kim.send(f"/review/{case}", "/decision")
    assert "Decided by Kim Recruiter" in page.text("main")
    await house.until_field(application.id, "interview_completion", "Completed")
    [decision], [result] = await decisions(house, application), await results(house, application)
    assert (decision.verdict, decision.actor_name, decision.band) == ("confirm", KIM.name, result.result.band)
    assert result.finality == "person"
    assert await house.field(application.id, "interview_band") == result.result.band_label


async def test_overriding_needs_a_reason(house: House, kim: Colleague) -> None:
    """Without one: 422, what was chosen stays chosen, nothing is decided. With one: that band, and no number beside it."""
    application = await newcomer(house)
    case = await in_review(house, application)
    await settled(house)
    page = await kim.open(f"/review/{case}")
    current = page.tree.css_first("form[aria-label=Confirm] input[name=band]")
    assert current is not None
    other = "strong" if current.attributes["value"] != "strong" else "limited"
    for reason in ("", "Too short"):
        refused = await kim.send_from(page, "/decision", {"band": other, "reason": reason})
        assert refused.status == 422
        assert "at least 10 characters" in refused.text("main")
    unknown = await kim.send_from(page, "/decision", {"band": "brilliant", "reason": WHY})
    assert unknown.status == 422
    assert await decisions(house, application) == []
    assert (await interview_of(house, application)).state is InterviewState.IN_REVIEW

    await kim.send_from(page, "/decision", {"band": other, "reason": f"  {WHY}  "})
    await house.until_field(application.id, "interview_completion", "Completed")
    [decision], [result] = await decisions(house, application), await results(house, application)
    assert (decision.verdict, decision.band, decision.reason) == ("override", other, WHY)
    assert await house.field(application.id, "interview_band") == result.result.band_label
    assert result.result.band == other
    assert await house.field(application.id, "interview_score") is None


async def test_closing_without_a_band(house: House, kim: Colleague) -> None:
    """ "Not scored by AI", and no band, no subscore, no note reaches the ATS."""
    application = await newcomer(house)
    case = await in_review(house, application)
    page = await kim.open(f"/review/{case}")
    assert (await kim.send_from(page, "/close", {"reason": "no"})).status == 422
    await kim.send_from(page, "/close", {"reason": "The microphone failed half way."})
    await house.until_field(application.id, "interview_completion", "Not scored by AI")
    await settled(house)
    profile = await house.sandbox.profile(application.id)
    assert set(profile["custom_fields"]) == {"interview_completion", "interview_link"}
    assert profile["notes"] == []
    assert await results(house, application) == []
    late = await kim.send_from(page, "/decision", {"band": "strong", "reason": WHY})
    assert late.status == 409
    assert (await interview_of(house, application)).state is InterviewState.CLOSED


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_of_two_who_decide_at_once_one_wins(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The other one reads that it was decided (409); one decision, one result, one final write-back."""
    url: str = request.getfixturevalue("sqlite_url" if kind == "sqlite" else "postgres_url")
    async with running_house(url, tmp_path) as bare:
        house = await with_kim(bare)
        with Colleague(house) as robin, Colleague(house, KIM) as kim:
            await robin.sign_in()
            await kim.sign_in()
            for _ in range(2):
                application = await newcomer(house)
                case = await in_review(house, application)
                await settled(house)
                pages = await robin.open(f"/review/{case}"), await kim.open(f"/review/{case}")
                answers = await asyncio.gather(
                    robin.send_from(pages[0], "/decision", {"band": "strong", "reason": WHY}),
                    kim.send_from(pages[1], "/close", {"reason": "The connection was lost half way."}),
                )
                assert sorted(answer.status for answer in answers) == [200, 409]
                won = "override" if answers[0].status == 200 else "close_unscored"
                await settled(house)
                assert [decision.verdict for decision in await decisions(house, application)] == [won]
                final = "Completed" if won == "override" else "Not scored by AI"
                assert await house.field(application.id, "interview_completion") == final
                assert len(await results(house, application)) == (won == "override")
                assert (await house.field(application.id, "interview_band") is None) == (won != "override")
        await house.runtime.services.operating.verify_audit()


async def test_roles_and_strangers(house: House, kim: Colleague) -> None:
    """A recruiter reviews but does not operate; a stranger sees nothing and can decide nothing."""
    application = await newcomer(house)
    case = await in_review(house, application)
    await settled(house)
    interview = await interview_of(house, application)
    assert (await kim.open("/operations")).status == 200
    for action in (
        f"/operations/quarantine/{uuid.uuid4()}/map",
        "/operations/work/1/replay",
        "/operations/work/1/done",
    ):
        assert (await kim.post_elsewhere(action, {"kind": "offer", "reason": WHY})).status == 403
    with Colleague(house) as stranger:
        before = await dump(house.runtime.database)
        for path in (
            f"/review/{case}",
            "/review",
            "/operations",
            f"/operations/applications/{interview.application_id}",
        ):
            page = await stranger.open(path)
            assert page.status == 401 or "/sign-in" in page.url
            assert "Newcomer" not in page.text("body")
        assert await dump(house.runtime.database) == before


async def test_every_look_is_in_the_chain(house: House, kim: Colleague) -> None:
    """Each view of a case, a result and a timeline leaves one event with who looked, and the chain holds."""
    application = await newcomer(house)
    case = await in_review(house, application)
    interview = await interview_of(house, application)
    for number in (1, 2):
        await kim.open(f"/review/{case}")
        assert await looks(house, "account:case:viewed", interview.id) == number
    await kim.send(f"/review/{case}", "/decision")
    await house.until_field(application.id, "interview_completion", "Completed")
    link = str(await house.field(application.id, "interview_link"))
    page = await kim.open(link)
    assert (page.status, page.heading) == (200, "Wren Newcomer")
    assert await looks(house, "account:result:viewed", interview.id) == 1
    await kim.open(f"/operations/applications/{interview.application_id}")
    assert await looks(house, "account:timeline:viewed", interview.application_id) == 1
    assert (await kim.open(f"/results/EH-{'0' * 20}")).status == 404
    await settled(house)
    events, _ = await house.runtime.services.operating.verify_audit()
    assert events > 0
