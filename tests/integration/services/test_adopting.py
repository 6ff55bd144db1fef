"""A later reading takes the place of what stood: only where a person says so, beside it, and told by the usual write-back."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import structs

from orchestrator.db.models.adoption import AdoptionRow
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import CaseRow, DecisionRow, ResultRow, ScorecardRow
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.program import FourEyes
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.services.rescoring.adopting import Adopting
from orchestrator.services.rescoring.checks import DECIDED, IN_USE, MOVED_ON
from orchestrator.services.rescoring.views import RescoringView
from orchestrator.services.views import Account
from rubrics.loader import find
from rubrics.schema import content_hash
from tests.integration.services.people import Candidate, Colleague, Newcomer, fresh_sqlite, interview_of, newest_link
from tests.integration.services.rows import later
from tests.integration.services.test_review_desk import MINUTE, WHY, Desk, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
AT_ONCE = {"undo_seconds": 0.0}
RUBRIC = find("customer-support/first-interview")
STRONG, LOW = RUBRIC.bands[0], RUBRIC.bands[-2]
KEPT = (ScorecardRow, DecisionRow, ResultRow)
NEW = structs.replace(
    RUBRIC,
    version="9.0.0",
    bands=tuple(
        band if band.cut is None else structs.replace(band, cut=1.4 - place / 10)
        for place, band in enumerate(RUBRIC.bands)
    ),
)
"""By this one, whoever shows anything has strong evidence."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("adopting")
    async with opened(fresh_sqlite(sqlite_template, folder), folder) as shared:
        yield shared


def adopting(desk: Desk) -> Adopting:
    """The service."""
    return desk.house.runtime.services.rescoring.adopting


async def read_again(desk: Desk, application: Newcomer) -> tuple[uuid.UUID, uuid.UUID]:
    """The interview, and its newest reading, with the new rubric."""
    interview = await interview_of(desk.house, application)
    async for _ in desk.house.runtime.services.rescoring.rescore([interview.id], NEW, actor="cli"):
        pass
    return interview.id, (await view(desk, interview.id, desk.kim)).readings[0].id


async def view(desk: Desk, interview: uuid.UUID, viewer: Account) -> RescoringView:
    """The page of an interview's readings."""
    return await desk.house.runtime.services.rescoring.view(interview, viewer=viewer)


async def finished(desk: Desk, *, override: bool = False, **policy: Any) -> tuple[Newcomer, str, str]:
    """Somebody whose result is final, decided by Robin; with the key of its band and what the ATS shows of it."""
    application, case = await desk.case(**{**AT_ONCE, **policy})
    recommended, _ = await desk.band(case)
    assert recommended not in {STRONG.key, LOW.key}
    chosen = LOW.key if override else recommended
    await desk.reviewing.decide_result(case, actor=desk.robin, band=chosen, reason=WHY)
    return application, chosen, str((await desk.told(application))["interview_band"])


async def logged(desk: Desk, application: Newcomer) -> list[str]:
    """What people did with readings, in order."""
    interview = await interview_of(desk.house, application)
    events = (
        sa.select(AuditRow.tag)
        .where(AuditRow.subject == str(interview.id), AuditRow.tag.startswith("account:rescoring:"))
        .order_by(AuditRow.sequence)
    )
    async with desk.house.runtime.database.reading() as session:
        return [tag.rpartition(":")[2] for tag in await session.scalars(events) if not tag.endswith("viewed")]


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_a_final_result_gets_another_one_beside_it(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A second scorecard, decision and result, of which the ATS shows the second; what was there stays as it was."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        application, _, label = await finished(desk)
        [card], [decision], [result] = [await desk.rows(table, application) for table in KEPT]
        interview, reading = await read_again(desk, application)
        await longer(desk, interview)
        await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
        async with later(desk.house, minutes=2):
            shown = await desk.told(application)
        assert (shown["interview_band"], shown["interview_completion"]) == (STRONG.label, "Completed")
        cards, decisions, results = [await desk.rows(table, application) for table in KEPT]
        first, second = sorted(cards, key=lambda row: row.revision)
        assert (first.id, first.card, second.card.rubric_hash) == (card.id, card.card, content_hash(NEW))
        assert {row.id: row.actor_name for row in decisions}.items() > {(decision.id, desk.robin.name)}
        assert {row.id: row.result for row in results}.pop(result.id) == result.result
        (newer,) = [row.result for row in results if row.id != result.id]
        # By the cuts of the rubric behind it, the number fits its band.
        assert (newer.band, newer.percent is not None) == (STRONG.key, True)
        assert [len(cards), len(decisions), len(results)] == [2, 2, 2]
        assert {row.state.value for row in await desk.rows(CaseRow, application)} == {"decided"}
        stands = await interview_of(desk.house, application)
        assert (stands.state, stands.rubric_hash) == (InterviewState.FINAL, content_hash(NEW))
        await desk.house.runtime.services.operating.verify_audit()
        before = await desk.reviewing.result(result.audit_ref, viewer=desk.kim)
        assert before.decision is not None
        assert before.card is not None
        assert (before.final_band_label, before.card.band_label) == (label, label)
        assert before.decision.actor == desk.robin.name
        await every_page_opens(desk, application, str(shown["interview_link"]))


async def test_it_can_be_taken_back_until_it_is_final(desk: Desk) -> None:
    """By who chose, for a minute in which nobody else chooses and the ATS hears nothing; then it is in use."""
    application, _, told = await finished(desk)
    interview, reading = await read_again(desk, application)
    await longer(desk, interview)
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    with pytest.raises(Stale, match="chosen a reading already"):
        await adopting(desk).adopt(reading, actor=desk.robin, reason=WHY)
    with pytest.raises(Stale, match="Only the person"):
        await adopting(desk).undo(interview, actor=desk.robin)
    held = (await view(desk, interview, desk.kim)).readings[0].adoption
    assert held is not None
    assert held.final_at is not None
    await adopting(desk).undo(interview, actor=desk.kim)
    async with later(desk.house, minutes=2):
        assert (await desk.told(application))["interview_band"] == told
    assert len(await desk.rows(ResultRow, application)) == 1

    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    async with later(desk.house, minutes=2):
        assert (await desk.told(application))["interview_band"] == STRONG.label
    seen = (await view(desk, interview, desk.robin)).readings[0]
    assert seen.adoption is not None
    assert (seen.adoption.by.name, seen.adoption.reason, seen.adoption.final_at) == ("Kim", WHY, None)
    assert seen.hindrance == IN_USE
    with pytest.raises(Stale, match="is in use"):
        await adopting(desk).adopt(reading, actor=desk.robin, reason=WHY)
    with pytest.raises(Stale, match="final by now"):
        await adopting(desk).undo(interview, actor=desk.kim)
    assert await logged(desk, application) == ["chosen", "undone", "chosen", "adopted"]


async def longer(desk: Desk, interview_id: uuid.UUID) -> None:
    """A minute to take things back, from now on."""
    async with desk.house.runtime.database.transaction() as tx:
        interview = await tx.session.get_one(InterviewRow, interview_id)
        review = structs.replace(interview.program.review, **MINUTE)
        interview.program = structs.replace(interview.program, review=review)


async def every_page_opens(desk: Desk, application: Newcomer, link: str) -> None:
    """The result, its readings and the timeline for the team, and the candidate's own last page."""
    interview = await interview_of(desk.house, application)
    with Colleague(desk.house) as robin:
        await robin.sign_in()
        result = await robin.open(link)
        assert STRONG.label in result.text("main")
        assert WHY in result.text("main")
        timeline = await robin.open(f"/operations/applications/{interview.application_id}")
        assert timeline.text("main").count("Scored by embedded") == 2
        page = await robin.open(f"/rescorings/{interview.id}")
        assert "Kim uses this reading" in page.text("main")
    with Candidate(newest_link(desk.house, application)) as candidate:
        assert (await candidate.open("/done")).status == 200


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_in_review_it_decides_the_case(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The open case is decided with it, and leaves the queue; the ATS gets one result, that of the reading."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        await decides_the_case(desk)


async def decides_the_case(desk: Desk) -> None:
    """One case."""
    application, case = await desk.case(**AT_ONCE)
    interview, reading = await read_again(desk, application)
    with pytest.raises(InputInvalid, match="Please say why"):
        await adopting(desk).adopt(reading, actor=desk.kim, reason="short")
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    assert await desk.queued(case) is None
    assert (await desk.told(application))["interview_band"] == STRONG.label
    [decision] = await desk.rows(DecisionRow, application)
    assert (decision.case_id, decision.actor_id, decision.reason) == (case, desk.kim.id, WHY)
    assert [row.result.band_label for row in await desk.rows(ResultRow, application)] == [STRONG.label]
    assert (await interview_of(desk.house, application)).state is InterviewState.FINAL
    assert (await view(desk, interview, desk.kim)).version == "9.0.0"
    opened_again = await desk.reviewing.case(case, viewer=desk.robin)
    assert opened_again.card is not None
    assert opened_again.card.band_label == STRONG.label


async def test_a_persons_own_decision_is_replaced_only_when_it_was_seen(desk: Desk) -> None:
    """The page tells who chose what and why; without the word that it was read nothing happens, with it both stand."""
    application, band, told = await finished(desk, override=True)
    interview, reading = await read_again(desk, application)
    override = (await view(desk, interview, desk.kim)).override
    assert override is not None
    assert (override.actor, override.reason, override.band) == (desk.robin.name, WHY, told)
    for unseen in ("", uuid.uuid4().hex):
        with pytest.raises(InputInvalid, match="have seen the decision") as refused:
            await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY, seen=unseen)
        assert set(refused.value.fields) == {"seen"}
    assert (await desk.told(application))["interview_band"] == told
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY, seen=override.id)
    assert (await desk.told(application))["interview_band"] == STRONG.label
    verdicts = [(row.verdict.value, row.band) for row in await desk.rows(DecisionRow, application)]
    assert ("override", band) in verdicts
    assert len(verdicts) == 2
    assert (await view(desk, interview, desk.kim)).override is None


async def test_where_two_must_agree_two_agree(desk: Desk) -> None:
    """One proposes and cannot agree alone; the other agrees, and the first one's reason is the record."""
    application, _, told = await finished(desk)
    interview, reading = await read_again(desk, application)
    async with desk.house.runtime.database.transaction() as tx:
        row = await tx.session.get_one(InterviewRow, interview)
        review = structs.replace(row.program.review, four_eyes=FourEyes.ALL)
        row.program = structs.replace(row.program, review=review)
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    proposed = (await view(desk, interview, desk.robin)).readings[0].adoption
    assert proposed is not None
    assert (proposed.waits, proposed.by.name, proposed.by.me) == (True, "Kim", False)
    with pytest.raises(Stale, match="A colleague has to agree"):
        await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    assert (await desk.told(application))["interview_band"] == told
    await adopting(desk).adopt(reading, actor=desk.robin, reason="")
    assert (await desk.told(application))["interview_band"] == STRONG.label
    newest = max(await desk.rows(DecisionRow, application), key=lambda row: row.decided_at)
    assert (newest.actor_name, newest.reason) == ("Kim", WHY)
    agreed = (await view(desk, interview, desk.kim)).readings[0].adoption
    assert agreed is not None
    assert (agreed.by.name, agreed.agreed_by) == ("Kim", desk.robin.name)
    assert [row.state.value for row in await desk.rows(AdoptionRow, application)] == ["final", "final"]


async def test_a_proposal_that_was_taken_back_is_worth_nothing(desk: Desk) -> None:
    """The case is decided without it: who chooses the same reading afterwards does so alone, as the first one."""
    application, case = await desk.case(**AT_ONCE, four_eyes=FourEyes.ALL)
    interview, reading = await read_again(desk, application)
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    await adopting(desk).undo(interview, actor=desk.kim)
    band, _ = await desk.band(case)
    for reviewer in (desk.kim, desk.robin):
        await desk.reviewing.decide_result(case, actor=reviewer, band=band, reason=WHY)
    told = (await desk.told(application))["interview_band"]
    assert (await view(desk, interview, desk.robin)).readings[0].adoption is None
    await adopting(desk).adopt(reading, actor=desk.robin, reason=WHY)
    assert (await desk.told(application))["interview_band"] == told
    assert [row.state.value for row in await desk.rows(AdoptionRow, application)] == ["undone", "waiting"]


async def test_a_proposal_that_the_interview_outlived_is_dropped_by_the_next_choice(desk: Desk) -> None:
    """It was made of an earlier step: nobody agrees with it any more, and it does not stand in the way."""
    application, _, _ = await finished(desk)
    interview, reading = await read_again(desk, application)
    async with desk.house.runtime.database.transaction() as tx:
        row = await tx.session.get_one(InterviewRow, interview)
        row.program = structs.replace(row.program, review=structs.replace(row.program.review, four_eyes=FourEyes.ALL))
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    async with desk.house.runtime.database.transaction() as tx:
        [proposal] = await tx.session.scalars(sa.select(AdoptionRow).where(AdoptionRow.interview_id == interview))
        proposal.interview_version -= 1
    assert (await view(desk, interview, desk.robin)).readings[0].adoption is None
    await adopting(desk).adopt(reading, actor=desk.robin, reason=WHY)
    assert [row.state.value for row in await desk.rows(AdoptionRow, application)] == ["dropped", "waiting"]


async def test_what_a_person_wrote_into_the_ats_stays(desk: Desk) -> None:
    """N4: the band that a recruiter changed there is theirs, and the rest of the result comes all the same."""
    application, _, _ = await finished(desk)
    interview, reading = await read_again(desk, application)
    form = {"key": "interview_band", "value": LOW.label}
    assert (await desk.house.sandbox.admin.post(f"/applications/{application.id}/field", data=form)).status_code == 303
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    shown = await desk.told(application)
    assert shown["interview_band"] == LOW.label
    newest = max(await desk.rows(ResultRow, application), key=lambda row: row.revision)
    assert shown["interview_link"] == newest.result.link
    assert newest.result.band_label == STRONG.label
    assert (await view(desk, interview, desk.kim)).readings[0].adoption is not None


async def test_an_interview_that_moved_on_drops_what_was_held(desk: Desk) -> None:
    """The candidate withdraws before the minute is over: nothing comes of it, and the log says so."""
    application, case = await desk.case(**MINUTE)
    interview, reading = await read_again(desk, application)
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    with Candidate(newest_link(desk.house, application)) as candidate:
        await candidate.withdraw()
    async with later(desk.house, minutes=2):
        assert (await desk.told(application))["interview_completion"] == "Withdrawn"
    assert await desk.rows(ResultRow, application) == []
    assert len(await desk.rows(ScorecardRow, application)) == 1
    assert await logged(desk, application) == ["chosen", "dropped"]
    assert await desk.queued(case) is None
    assert (await view(desk, interview, desk.kim)).hindrance == MOVED_ON
    with pytest.raises(Stale, match="moved on"):
        await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    with pytest.raises(Missing):
        await adopting(desk).adopt(uuid.uuid4(), actor=desk.kim, reason=WHY)


async def test_a_case_that_somebody_decides_is_left_to_them(desk: Desk) -> None:
    """A decision that is held or waits goes first; what reviewers read blind first is not shown before."""
    application, case = await desk.case(**MINUTE)
    interview, reading = await read_again(desk, application)
    band, _ = await desk.band(case)
    await desk.reviewing.decide_result(case, actor=desk.robin, band=band, reason="")
    assert (await view(desk, interview, desk.kim)).hindrance == DECIDED
    with pytest.raises(Stale, match="decided this case already"):
        await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    await desk.reviewing.undo(case, actor=desk.robin)
    async with desk.house.runtime.database.transaction() as tx:
        row = await tx.session.get_one(InterviewRow, interview)
        row.program = structs.replace(row.program, review=structs.replace(row.program.review, blind_share=1.0))
    blind = await view(desk, interview, desk.kim)
    assert "open the case first" in blind.hindrance
    assert blind.readings == ()
    await desk.reviewing.read_blind(case, actor=desk.kim, band=band)
    assert (await view(desk, interview, desk.kim)).hindrance == ""
