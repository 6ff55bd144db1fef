"""A candidate is asked again where the answers could not be read: once, held like a decision, and with nothing lost."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import structs

from adapters.contract.model import Disposition
from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.follow_up import FollowUpRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.reopening import ReopeningRow
from orchestrator.db.models.scoring import CaseRow, DecisionRow, ResultRow, ScorecardRow
from orchestrator.db.repositories.retention import forget_words, waiting_since
from orchestrator.demo.script import take_interview
from orchestrator.domain.followups import FollowUpReason
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.errors import InputInvalid, Stale
from orchestrator.services.review_kinds import SettleReopening
from orchestrator.services.views import TurnView
from orchestrator.work.admin import Selection
from orchestrator.work.table import work
from tests.integration.services.people import (
    ANSWERS,
    Candidate,
    Newcomer,
    fresh_sqlite,
    interview_of,
    mails_to,
    newcomer,
    newest_link,
    open_case,
)
from tests.integration.services.rows import later, settled, still_held
from tests.integration.services.test_review_desk import MINUTE, Desk, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
WHY = "Only letters arrived; the keyboard may have been locked."
MASH = "sdkjfhskdjfh skdjfhksjdhf ksjdfhk sjdhfksjdf"
AT_ONCE = {"undo_seconds": 0.0}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("again")
    async with opened(fresh_sqlite(sqlite_template, folder), folder) as shared:
        yield shared


async def answered(desk: Desk, application: Newcomer, link: str, answers: Sequence[str]) -> uuid.UUID:
    """Let the candidate take the interview until a person must decide; the case."""
    await asyncio.to_thread(take_interview, desk.house.ports, link, answers)
    await desk.house.until_field(application.id, "interview_completion", "In review")
    return await open_case(desk.house, application)


async def unreadable(desk: Desk, text: str = MASH, /, **policy: float) -> tuple[Newcomer, uuid.UUID]:
    """Somebody of whom only letters arrived, and the case."""
    application = await newcomer(desk.house)
    link = await desk.house.invite(application.id)
    case = await answered(desk, application, link, [text] * len(ANSWERS))
    await settled(desk.house)
    async with desk.house.runtime.database.transaction() as tx:
        interview = await tx.session.get_one(InterviewRow, (await interview_of(desk.house, application)).id)
        review = structs.replace(interview.program.review, **policy)
        interview.program = structs.replace(interview.program, review=review)
    return application, case


async def states(desk: Desk, application: Newcomer) -> list[str]:
    """What became of each time that somebody had the candidate asked again, in order."""
    rows: Sequence[ReopeningRow] = await desk.rows(ReopeningRow, application)
    return [row.state.value for row in sorted(rows, key=lambda row: row.asked_at)]


def spoken(turns: Sequence[TurnView]) -> str:
    """What the candidate said in a conversation."""
    return "\n".join(piece.text for turn in turns if turn.from_candidate for piece in turn.pieces)


async def refused_to_others(desk: Desk, case: uuid.UUID) -> None:
    """While it is held, nobody else can do anything about the case, and nothing has left Evenhand."""
    assert await desk.queued(case) is None
    (held,) = await desk.reviewing.held(desk.robin)
    assert (held.case_id, held.asks_again, held.candidate) == (case, True, "Wren Newcomer")
    assert await desk.reviewing.held(desk.kim) == ()
    seen = await desk.reviewing.case(case, viewer=desk.kim)
    assert (seen.open, seen.can_ask_again, seen.asked_again and seen.asked_again.mine) == (False, False, False)
    for refused in (
        desk.reviewing.decide_result(case, actor=desk.kim, band="strong", reason=WHY),
        desk.reviewing.close_unscored(case, actor=desk.kim, reason=WHY),
        desk.reviewing.ask_again(case, actor=desk.kim, reason=WHY),
        desk.reviewing.undo(case, actor=desk.kim),
    ):
        with pytest.raises(Stale):
            await refused


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_it_is_held_and_can_be_taken_back_like_a_decision(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """For a minute nobody hears of it; then the interview begins again: one mail, "Invited" in the ATS, no band, no link."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        application, case = await unreadable(desk, **MINUTE)
        view = await desk.reviewing.case(case, viewer=desk.kim)
        assert (view.can_ask_again, ReviewReason.GIBBERISH in view.reasons) == (True, True)
        with pytest.raises(InputInvalid):
            await desk.reviewing.ask_again(case, actor=desk.robin, reason="short")
        await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)
        await refused_to_others(desk, case)
        assert (await desk.told(application))["interview_completion"] == "In review"
        await desk.reviewing.undo(case, actor=desk.robin)
        assert await desk.queued(case) is not None
        async with later(desk.house, minutes=2):
            assert mails_to(desk.house, application) == ["invitation", "completion"]

        await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)
        async with later(desk.house, seconds=61):
            told = await desk.told(application)
        shown = [told.get(f"interview_{part}") for part in ("completion", "band", "link")]
        assert shown == ["Invited", None, None]
        interview = await interview_of(desk.house, application)
        assert (interview.state, interview.round, interview.submitted_at) == (InterviewState.INVITED, 2, None)
        assert mails_to(desk.house, application) == ["invitation", "completion", "asked-again"]
        assert await states(desk, application) == ["undone", "final"]
        assert await desk.logged(application) == ["asked_again", "undone", "asked_again"]
        with pytest.raises(Stale, match="final by now"):
            await desk.reviewing.undo(case, actor=desk.robin)
        await desk.house.runtime.services.operating.verify_audit()


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_the_second_attempt_counts_and_the_first_one_is_kept(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A new link with what was written, a second score, one result; the first attempt stands by it and is never written."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        application, case = await unreadable(desk, **AT_ONCE)
        await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)
        await settled(desk.house)
        with (
            Candidate(newest_link(desk.house, application)) as candidate,
            Candidate(newest_invitation(desk, application)) as gone,
        ):
            assert (await gone.open()).status == 404
            await candidate.begin()
            assert MASH in (await candidate.open("/questions/1")).text("main")
            for number, text in enumerate(ANSWERS, start=1):
                await candidate.answer(number, text)
            await candidate.submit()
        await desk.house.until_field(application.id, "interview_completion", "In review")
        again = await open_case(desk.house, application)
        now = await desk.reviewing.case(again, viewer=desk.kim)
        before = await desk.reviewing.case(case, viewer=desk.kim)
        assert (again != case, now.can_ask_again, before.open) == (True, False, False)
        assert (now.first_attempt and now.first_attempt.reason) == WHY
        assert (before.asked_again and before.asked_again.reason) == WHY
        first = now.first_attempt.turns if now.first_attempt else ()
        assert (MASH in spoken(first), MASH in spoken(now.turns), MASH in spoken(before.turns)) == (True, False, True)
        assert (now.card and now.card.aggregate) is not None
        assert (before.card is not None, before.card and before.card.aggregate) == (True, None)

        await desk.reviewing.decide_result(again, actor=desk.kim, band=None, reason="")
        told = await desk.told(application)
        [result] = await desk.rows(ResultRow, application)
        assert (result.revision, told["interview_completion"]) == (2, "Completed")
        assert told["interview_band"] == result.result.band_label
        assert [row.revision for row in await desk.rows(ScorecardRow, application)] == [1, 2]
        assert [row.case_id for row in await desk.rows(DecisionRow, application)] == [again]
        assert mails_to(desk.house, application) == ["invitation", "completion", "asked-again", "completion"]


def newest_invitation(desk: Desk, application: Newcomer) -> str:
    """The link in the first mail to somebody."""
    mail = next(mail for mail in desk.house.mails.deliveries if mail.to == application.email)
    return next(word for word in mail.text.split() if word.startswith(f"{desk.house.url}/i/"))


async def test_it_is_offered_only_where_answers_could_not_be_read(desk: Desk) -> None:
    """Nobody is asked again because of a band, or once the ATS shows that the application has ended."""
    _, case = await desk.case(**AT_ONCE)
    assert not (await desk.reviewing.case(case, viewer=desk.robin)).can_ask_again
    with pytest.raises(Stale, match="could not be read"):
        await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)

    application, case = await unreadable(desk, **AT_ONCE)
    async with desk.house.runtime.database.transaction() as tx:
        rows = sa.select(ApplicationRow).where(ApplicationRow.external_id == application.id)
        row = (await tx.session.scalars(rows)).one()
        row.snapshot = structs.replace(row.snapshot, disposition=Disposition.REJECTED)
    with pytest.raises(Stale, match="has ended"):
        await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)
    assert mails_to(desk.house, application) == ["invitation", "completion"]


async def test_once_for_an_interview_and_retention_removes_both_attempts(desk: Desk) -> None:
    """The second time there is no third; what was decided not to be asked is decided anew; and no word stays for ever."""
    words = f"{MASH} xqzjkvbw"
    application, case = await unreadable(desk, words, **AT_ONCE)
    interview = await interview_of(desk.house, application)
    async with desk.house.runtime.database.transaction() as tx:
        for place, probe in ((1, "asked"), (2, None)):
            tx.session.add(
                FollowUpRow(
                    interview_id=interview.id,
                    question_id="one",
                    place=place,
                    probe_id=probe,
                    reason=FollowUpReason.MISSING if probe else FollowUpReason.NOTHING_MISSING,
                    missing=(),
                    decided_at=desk.house.clock.now(),
                )
            )
    await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)
    assert (await desk.told(application))["interview_completion"] == "Invited"
    async with desk.house.runtime.database.reading() as session:
        kept = sa.select(FollowUpRow.probe_id).where(FollowUpRow.interview_id == interview.id)
        assert list(await session.scalars(kept)) == ["asked"]

    link = newest_link(desk.house, application)
    again = await answered(desk, application, link, [words] * len(ANSWERS))
    view = await desk.reviewing.case(again, viewer=desk.robin)
    assert (ReviewReason.GIBBERISH in view.reasons, view.can_ask_again) == (True, False)
    with pytest.raises(Stale, match="once"):
        await desk.reviewing.ask_again(again, actor=desk.robin, reason=WHY)
    await desk.reviewing.close_unscored(again, actor=desk.robin, reason=WHY)
    assert (await desk.told(application))["interview_completion"] == "Not scored by AI"
    assert await desk.rows(ResultRow, application) == []
    assert await still_held(desk.house.runtime.database, [words]) == {words}
    async with desk.house.runtime.database.transaction() as tx:
        await forget_words(tx.session, interview.id)
    assert await still_held(desk.house.runtime.database, [words]) == set()
    assert (await desk.reviewing.case(case, viewer=desk.robin)).turns == ()


async def test_a_candidate_who_withdraws_meanwhile_is_not_asked(desk: Desk) -> None:
    """The withdrawal counts, and no mail invites anybody who left."""
    application, case = await unreadable(desk, **MINUTE)
    await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)
    with Candidate(newest_invitation(desk, application)) as candidate:
        await candidate.withdraw()
    async with later(desk.house, minutes=2):
        assert (await desk.told(application))["interview_completion"] == "Withdrawn"
    assert await states(desk, application) == ["dropped"]
    assert mails_to(desk.house, application) == ["invitation", "completion"]


async def test_an_application_that_ends_meanwhile_is_not_asked(desk: Desk) -> None:
    """What the ATS says until the last moment counts: then nobody is asked, and the case waits for its decision."""
    application, case = await unreadable(desk, **MINUTE)
    await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)
    interview = await interview_of(desk.house, application)
    async with desk.house.runtime.database.transaction() as tx:
        row = await tx.session.get_one(ApplicationRow, interview.application_id)
        row.snapshot = structs.replace(row.snapshot, disposition=Disposition.REJECTED)
    async with later(desk.house, minutes=2):
        await settled(desk.house)
    assert await states(desk, application) == ["dropped"]
    assert (await interview_of(desk.house, application)).state is InterviewState.IN_REVIEW
    assert mails_to(desk.house, application) == ["invitation", "completion"]


async def test_a_case_whose_work_is_cancelled_is_back_in_the_queue(desk: Desk) -> None:
    """Nothing is held without an end, whether its work is cancelled or settled by hand; retention waits for what is held."""
    application, case = await unreadable(desk, **MINUTE)
    interview = await interview_of(desk.house, application)
    operating = desk.house.runtime.services.operating
    await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)
    async with desk.house.runtime.database.reading() as session:
        assert list(await waiting_since(session, interview.expires_at, only=interview.id)) == []
    await operating.cancel(Selection(kinds=(SettleReopening.kind,)), reason="A mistake.", actor="cli")
    assert await desk.queued(case) is not None
    await desk.reviewing.ask_again(case, actor=desk.kim, reason=WHY)
    async with desk.house.runtime.database.reading() as session:
        mine = sa.select(work.c.id).where(work.c.kind == SettleReopening.kind, work.c.state == "queued")
        number = (await session.execute(mine)).scalar_one()
    await operating.done_by_hand(number, reason="By hand.", actor="cli")
    assert await desk.queued(case) is not None
    assert await states(desk, application) == ["dropped", "dropped"]
    assert await desk.logged(application) == ["asked_again", "dropped", "asked_again", "dropped"]


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_two_people_at_the_same_moment_ask_once(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Whoever comes second is told so; work that comes twice asks once, and one mail goes out."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        application, case = await unreadable(desk, **MINUTE)
        outcomes = await asyncio.gather(
            *(desk.reviewing.ask_again(case, actor=actor, reason=WHY) for actor in (desk.robin, desk.kim)),
            return_exceptions=True,
        )
        assert sorted(type(one).__name__ for one in outcomes) == ["NoneType", "Stale"]
        async with later(desk.house, minutes=2):
            for _ in range(2):
                async with desk.house.runtime.database.transaction() as tx:
                    again = sa.update(work).where(work.c.kind == SettleReopening.kind)
                    await tx.session.execute(again.values(state="queued", finished_at=None, run_at=0))
                await settled(desk.house)
        assert await states(desk, application) == ["final"]
        assert (await interview_of(desk.house, application)).round == 2
        assert mails_to(desk.house, application).count("asked-again") == 1


async def test_what_is_read_blind_is_read_before_somebody_asks_again(desk: Desk) -> None:
    """The offer itself would say what the software found."""
    _, case = await unreadable(desk, blind_share=1.0, **MINUTE)
    assert not (await desk.reviewing.case(case, viewer=desk.robin)).can_ask_again
    with pytest.raises(InputInvalid, match="first"):
        await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)
    await desk.reviewing.read_blind(case, actor=desk.robin, band="not_enough")
    assert (await desk.reviewing.case(case, viewer=desk.robin)).can_ask_again
    await desk.reviewing.ask_again(case, actor=desk.robin, reason=WHY)
    async with desk.house.runtime.database.reading() as session:
        assert (await session.get_one(CaseRow, case)).state == "open"
