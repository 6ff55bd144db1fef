"""From a choice to a final decision: it can be taken back, two people can be asked for, some cases are read blind first."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import structs

from orchestrator.db.models.account import AccountRow, Role
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import DecisionRow, HeldDecisionRow, ResultRow
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.program import FourEyes
from orchestrator.domain.review import TIMED, Habit
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.services.review.holds import SettleDecision
from orchestrator.services.review.quality import review_troubles
from orchestrator.services.review.reviewing import Reviewing
from orchestrator.services.views import Account, QueueItem
from orchestrator.work.table import work
from tests.fixtures.house import House, running_house
from tests.integration.services.people import (
    ROOMY,
    Candidate,
    Newcomer,
    fresh_sqlite,
    in_review,
    interview_of,
    newcomer,
)
from tests.integration.services.rows import clock_moved, later, settled

pytestmark = pytest.mark.asyncio(loop_scope="module")
WHY = "The second answer shows more than was seen."
MINUTE = {"undo_seconds": 60.0}


@dataclass
class Desk:
    """A house with two reviewers."""

    house: House
    robin: Account
    kim: Account

    @property
    def reviewing(self) -> Reviewing:
        """The service."""
        return self.house.runtime.services.reviewing

    async def case(self, **policy: Any) -> tuple[Newcomer, uuid.UUID]:
        """Somebody whose result waits for a person, under a review policy."""
        application = await newcomer(self.house)
        case = await in_review(self.house, application)
        await settled(self.house)
        async with self.house.runtime.database.transaction() as tx:
            interview = await tx.session.get_one(InterviewRow, (await interview_of(self.house, application)).id)
            program = interview.program
            interview.program = structs.replace(program, review=structs.replace(program.review, **policy))
        return application, case

    async def band(self, case: uuid.UUID) -> tuple[str, str]:
        """The band that is recommended, and another one."""
        view = await self.reviewing.case(case, viewer=self.kim)
        assert view.card is not None
        return view.card.band_key, next(band.key for band in view.bands if band.key != view.card.band_key)

    async def queued(self, case: uuid.UUID, viewer: Account | None = None) -> QueueItem | None:
        """A case as the queue shows it, None where it does not."""
        items = await (self.reviewing.queue_for(viewer) if viewer else self.reviewing.queue())
        return next((item for item in items if item.case_id == case), None)

    async def rows(self, table: Any, application: Newcomer) -> list[Any]:
        """Rows about an application's interview."""
        interview = await interview_of(self.house, application)
        async with self.house.runtime.database.reading() as session:
            found = await session.scalars(sa.select(table).where(table.interview_id == interview.id).order_by(table.id))
            return list(found)

    async def told(self, application: Newcomer) -> dict[str, Any]:
        """What of ours stands in the ATS, once everything that is due was done."""
        await settled(self.house)
        fields: dict[str, Any] = (await self.house.sandbox.profile(application.id))["custom_fields"]
        return fields

    async def logged(self, application: Newcomer) -> list[str]:
        """What people did with the case, in order."""
        interview = await interview_of(self.house, application)
        events = (
            sa.select(AuditRow.tag)
            .where(AuditRow.subject == str(interview.id), AuditRow.tag.startswith("account:case:"))
            .order_by(AuditRow.sequence)
        )
        async with self.house.runtime.database.reading() as session:
            return [tag.rpartition(":")[2] for tag in await session.scalars(events) if not tag.endswith("viewed")]

    async def planned(self) -> int:
        """How many decisions wait for their time."""
        waiting = sa.select(sa.func.count()).where(work.c.kind == SettleDecision.kind, work.c.state == "queued")
        async with self.house.runtime.database.reading() as session:
            return (await session.execute(waiting)).scalar_one()


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Desk]:
    """A house with its desk."""
    async with running_house(url, folder, changes=(ROOMY,)) as house:
        kim = await house.runtime.services.accounts.create(
            email="kim@northwind-outdoor.example", name="Kim", role=Role.RECRUITER, password="another-long-password"
        )
        async with house.runtime.database.reading() as session:
            row = (await session.scalars(sa.select(AccountRow).where(AccountRow.id != kim.id))).one()
        yield Desk(house, Account(id=row.id, email=row.email, name=row.name, role=row.role), kim)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("desk")
    async with opened(fresh_sqlite(sqlite_template, folder), folder) as shared:
        yield shared


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_a_decision_can_be_taken_back_until_it_is_final(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """For a minute nothing follows from it and only who decided can undo it; then it is final, once, and stays so."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        application, case = await desk.case(**MINUTE)
        kept, other = await desk.band(case)
        await desk.reviewing.decide_result(case, actor=desk.robin, band=kept, reason="")
        assert await desk.queued(case) is None
        (held,) = await desk.reviewing.held(desk.robin)
        assert (held.case_id, held.candidate) == (case, "Wren Newcomer")
        assert await desk.reviewing.held(desk.kim) == ()
        view = await desk.reviewing.case(case, viewer=desk.kim)
        assert (view.open, view.decision and view.decision.mine) == (False, False)
        for refused in (
            desk.reviewing.decide_result(case, actor=desk.kim, band=other, reason=WHY),
            desk.reviewing.close_unscored(case, actor=desk.robin, reason=WHY),
            desk.reviewing.undo(case, actor=desk.kim),
        ):
            with pytest.raises(Stale):
                await refused
        assert set(await desk.told(application)) == {"interview_completion", "interview_link"}
        assert (await interview_of(desk.house, application)).state is InterviewState.IN_REVIEW

        await desk.reviewing.undo(case, actor=desk.robin)
        assert await desk.queued(case) is not None
        assert await desk.planned() == 0
        async with later(desk.house, minutes=2):
            assert await desk.rows(DecisionRow, application) == []

        await desk.reviewing.decide_result(case, actor=desk.robin, band=other, reason=WHY)
        assert await desk.planned() == 1
        async with later(desk.house, seconds=61):
            told = await desk.told(application)
        [decision] = await desk.rows(DecisionRow, application)
        [result] = await desk.rows(ResultRow, application)
        assert (decision.verdict, decision.band, decision.actor_id) == ("override", other, desk.robin.id)
        assert (told["interview_completion"], told["interview_band"]) == ("Completed", result.result.band_label)
        with pytest.raises(Stale, match="final by now"):
            await desk.reviewing.undo(case, actor=desk.robin)
        assert await desk.logged(application) == ["decided", "undone", "decided"]
        assert [row.state for row in await desk.rows(HeldDecisionRow, application)] == ["undone", "final"]
        await desk.house.runtime.services.operating.verify_audit()


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_undo_in_the_last_moment_wins_or_loses_whole(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """When somebody undoes just as the time is over, it is final with its result, or open again without: nothing between."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        application, case = await desk.case(**MINUTE)
        for _ in range(3):
            await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
            async with desk.house.runtime.database.transaction() as tx:
                due = sa.update(work).where(work.c.kind == SettleDecision.kind).values(run_at=work.c.run_at - 61)
                await tx.session.execute(due)
            undone, _ = await asyncio.gather(
                desk.reviewing.undo(case, actor=desk.robin), desk.house.work(), return_exceptions=True
            )
            await settled(desk.house)
            final = isinstance(undone, Stale)
            assert final or undone is None
            assert (
                len(await desk.rows(DecisionRow, application)) == len(await desk.rows(ResultRow, application)) == final
            )
            assert ((await interview_of(desk.house, application)).state is InterviewState.FINAL) is final
            assert (await desk.queued(case) is None) is final
            if final:
                break


async def test_a_candidate_who_withdraws_meanwhile_is_heard(desk: Desk) -> None:
    """Nothing that was held comes about, and the case does not come back."""
    application, case = await desk.case(**MINUTE)
    await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
    mail = await desk.house.mail_to(application.email)
    with Candidate(next(word for word in mail.text.split() if word.startswith(f"{desk.house.url}/i/"))) as candidate:
        await candidate.withdraw()
    assert [row.state for row in await desk.rows(HeldDecisionRow, application)] == ["dropped"]
    assert await desk.logged(application) == ["decided", "dropped"]
    async with desk.house.runtime.database.transaction() as tx:
        # As the release before would leave it, which ends cases and knows nothing of what is held.
        await tx.session.execute(sa.update(HeldDecisionRow).where(HeldDecisionRow.case_id == case).values(state="held"))
    async with later(desk.house, minutes=2):
        told = await desk.told(application)
    assert (told["interview_completion"], "interview_band" in told) == ("Withdrawn", False)
    assert [row.state for row in await desk.rows(HeldDecisionRow, application)] == ["dropped"]
    assert await desk.rows(DecisionRow, application) == []
    with pytest.raises(Stale):
        await desk.reviewing.undo(case, actor=desk.robin)


async def test_closing_is_held_as_well(desk: Desk) -> None:
    """ "Not scored by AI" reaches the ATS after the minute, without any result."""
    application, case = await desk.case(**MINUTE)
    await desk.reviewing.close_unscored(case, actor=desk.robin, reason=WHY)
    assert (await desk.told(application))["interview_completion"] == "In review"
    async with later(desk.house, minutes=2):
        told = await desk.told(application)
    assert (told["interview_completion"], "interview_band" in told) == ("Not scored by AI", False)
    assert await desk.rows(ResultRow, application) == []


async def test_work_that_comes_twice_or_too_late_decides_nothing_more(desk: Desk) -> None:
    """What was taken back stays so although its work runs, and what is final is decided once however often it runs."""
    application, case = await desk.case(**MINUTE)

    async def run_again() -> None:
        async with desk.house.runtime.database.transaction() as tx:
            again = sa.update(work).where(work.c.kind == SettleDecision.kind, work.c.dedupe == f"settle:{held.id}")
            await tx.session.execute(again.values(state="queued", finished_at=None, run_at=work.c.run_at - 61))
        await settled(desk.house)

    await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
    [held] = await desk.rows(HeldDecisionRow, application)
    await desk.reviewing.undo(case, actor=desk.robin)
    await run_again()
    assert await desk.rows(DecisionRow, application) == []
    await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
    held = (await desk.rows(HeldDecisionRow, application))[1]
    await run_again()
    await run_again()
    assert len(await desk.rows(DecisionRow, application)) == len(await desk.rows(ResultRow, application)) == 1
    assert [row.state for row in await desk.rows(HeldDecisionRow, application)] == ["undone", "final"]


async def test_an_override_waits_for_a_second_person_where_the_policy_says_so(desk: Desk) -> None:
    """The case stays open and the ATS hears nothing; who chose it cannot agree, who differs waits in turn."""
    application, case = await desk.case(four_eyes=FourEyes.OVERRIDES)
    kept, other = await desk.band(case)
    with pytest.raises(InputInvalid):
        await desk.reviewing.decide_result(case, actor=desk.robin, band=other, reason="")
    await desk.reviewing.decide_result(case, actor=desk.robin, band=other, reason=WHY)
    for choice in (other, kept):
        with pytest.raises(Stale, match="You have decided already"):
            await desk.reviewing.decide_result(case, actor=desk.robin, band=choice, reason=WHY)
    item = await desk.queued(case, desk.kim)
    assert item is not None
    assert (item.proposed_by and item.proposed_by.name) == desk.robin.name
    assert (await desk.told(application))["interview_completion"] == "In review"

    await desk.reviewing.decide_result(case, actor=desk.kim, band=kept, reason="")
    assert await desk.rows(DecisionRow, application) == []
    await desk.reviewing.decide_result(case, actor=desk.robin, band=kept, reason="")
    [decision] = await desk.rows(DecisionRow, application)
    assert (decision.actor_id, decision.band, decision.verdict) == (desk.kim.id, kept, "confirm")
    assert [row.state for row in await desk.rows(HeldDecisionRow, application)] == ["replaced", "final", "final"]
    view = await desk.reviewing.case(case, viewer=desk.kim)
    assert view.decision is not None
    assert (view.decision.actor, view.decision.agreed_by) == (desk.kim.name, desk.robin.name)
    assert (await desk.told(application))["interview_completion"] == "Completed"
    assert await desk.logged(application) == ["proposed", "proposed", "decided"]


async def test_agreeing_can_be_undone_and_the_first_choice_waits_again(desk: Desk) -> None:
    """Each takes back their own: the second one leaves the first one's choice, the first one leaves nothing."""
    application, case = await desk.case(four_eyes=FourEyes.ALL, **MINUTE)
    await desk.reviewing.close_unscored(case, actor=desk.robin, reason=WHY)
    await desk.reviewing.close_unscored(case, actor=desk.kim, reason="")
    assert await desk.queued(case) is None
    with pytest.raises(Stale):
        await desk.reviewing.undo(case, actor=desk.robin)
    await desk.reviewing.undo(case, actor=desk.kim)
    assert await desk.queued(case) is not None
    await desk.reviewing.undo(case, actor=desk.robin)
    view = await desk.reviewing.case(case, viewer=desk.kim)
    assert (view.open, view.proposal, view.decision) == (True, None, None)
    await desk.reviewing.decide_result(case, actor=desk.kim, band=None, reason="")
    assert await desk.queued(case) is not None
    async with later(desk.house, minutes=2):
        assert await desk.rows(DecisionRow, application) == []


async def test_what_is_read_blind_shows_nothing_before(desk: Desk) -> None:
    """No card, no reasons, no marks, no band in the queue, and no decision; one's own band first, and it stands."""
    application, case = await desk.case(blind_share=1.0)
    view = await desk.reviewing.case(case, viewer=desk.robin)
    assert (view.blind, view.card, view.reasons, len(view.criteria) > 1) == (True, None, (), True)
    assert not [piece for turn in view.turns for piece in turn.pieces if piece.evidence]
    item = await desk.queued(case, desk.robin)
    assert item is not None
    assert (item.blind, item.band_label, item.reasons) == (True, None, ())
    with pytest.raises(InputInvalid, match="first"):
        await desk.reviewing.decide_result(case, actor=desk.robin, band="solid", reason=WHY)
    with pytest.raises(InputInvalid):
        await desk.reviewing.read_blind(case, actor=desk.robin, band="brilliant")
    await desk.reviewing.read_blind(case, actor=desk.robin, band="mixed")
    await desk.reviewing.read_blind(case, actor=desk.robin, band="strong")
    seen = await desk.reviewing.case(case, viewer=desk.robin)
    assert (seen.blind, seen.own_band and seen.own_band.key, seen.card is not None) == (False, "mixed", True)
    assert (await desk.reviewing.case(case, viewer=desk.kim)).blind
    before = (await desk.reviewing.quality()).agreement
    assert before is not None
    assert before.same.n == 1
    await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
    assert len(await desk.rows(DecisionRow, application)) == 1
    assert await desk.logged(application) == ["read_blind", "decided"]


async def test_nothing_is_read_blind_without_a_share(desk: Desk) -> None:
    """Where the policy says nothing, everybody sees everything at once, and there is nothing to read blind."""
    _, case = await desk.case()
    assert not (await desk.reviewing.case(case, viewer=desk.robin)).blind
    with pytest.raises(Stale):
        await desk.reviewing.read_blind(case, actor=desk.robin, band="mixed")


async def test_a_case_is_taken_given_on_and_given_back(desk: Desk) -> None:
    """Everybody sees who looks after it; it locks nobody out; a stranger cannot have it, nor anybody once it is decided."""
    application, case = await desk.case()
    for to, name in ((desk.robin.id, desk.robin.name), (desk.kim.id, desk.kim.name), (None, None)):
        await desk.reviewing.assign(case, actor=desk.robin, to=to)
        item = await desk.queued(case, desk.kim)
        assert item is not None
        assert (item.assignee and (item.assignee.name, item.assignee.me)) == (name and (name, to == desk.kim.id))
    with pytest.raises(InputInvalid):
        await desk.reviewing.assign(case, actor=desk.robin, to=uuid.uuid4())
    await desk.reviewing.assign(case, actor=desk.robin, to=desk.robin.id)
    await desk.reviewing.decide_result(case, actor=desk.kim, band=None, reason="")
    with pytest.raises(Stale):
        await desk.reviewing.assign(case, actor=desk.robin, to=desk.kim.id)
    with pytest.raises(Missing):
        await desk.reviewing.assign(uuid.uuid4(), actor=desk.robin, to=None)
    assert await desk.logged(application) == ["assigned"] * 4 + ["decided"]


async def test_a_link_of_the_ats_leads_to_the_open_case(desk: Desk) -> None:
    """The case while it waits, nothing once it is decided."""
    application, case = await desk.case()
    interview = await interview_of(desk.house, application)
    assert await desk.reviewing.case_of(interview.application_id) == case
    await desk.reviewing.decide_result(case, actor=desk.kim, band=None, reason="")
    assert await desk.reviewing.case_of(interview.application_id) is None


async def test_how_long_somebody_reads_counts_from_the_first_look(desk: Desk) -> None:
    """From opening to deciding, on the server's clock; a second look does not begin again, undone decisions do not count."""
    _, case = await desk.case(**MINUTE)
    before = {one.name: one.decisions for one in (await desk.reviewing.quality()).reviewers}
    await desk.reviewing.case(case, viewer=desk.robin)
    with clock_moved(desk.house, seconds=40):
        await desk.reviewing.case(case, viewer=desk.robin)
        await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
        await desk.reviewing.undo(case, actor=desk.robin)
    with clock_moved(desk.house, seconds=50):
        await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
    async with desk.house.runtime.database.reading() as session:
        held = sa.select(HeldDecisionRow).where(HeldDecisionRow.case_id == case, HeldDecisionRow.state == "held")
        row = (await session.scalars(held)).one()
    assert row.opened_at is not None
    assert timedelta(seconds=50) <= row.decided_at - row.opened_at < timedelta(seconds=60)
    after = {one.name: one.decisions for one in (await desk.reviewing.quality()).reviewers}
    assert after[desk.robin.name] == before.get(desk.robin.name, 0) + 1


async def test_habits_are_said_without_a_name(desk: Desk) -> None:
    """Whoever decides everything in seconds is on the page for administrators; operations only hears that there is one."""
    _, case = await desk.case()
    await desk.reviewing.case(case, viewer=desk.kim)
    await desk.reviewing.decide_result(case, actor=desk.kim, band=None, reason="")
    now = desk.house.clock.now()
    async with desk.house.runtime.database.transaction() as tx:
        model = (await tx.session.scalars(sa.select(HeldDecisionRow).where(HeldDecisionRow.case_id == case))).one()
        facts = {column.name: getattr(model, column.name) for column in HeldDecisionRow.__table__.columns}
        quick = {"actor_name": "Quick Reader", "opened_at": now - timedelta(seconds=3), "decided_at": now}
        rows = [{**facts, **quick, "id": uuid.uuid4(), "actor_id": desk.kim.id} for _ in range(3 * TIMED)]
        await tx.session.execute(sa.insert(HeldDecisionRow), rows)
        said = await review_troubles(tx.session, now=now)
    view = await desk.reviewing.quality()
    (kim,) = [one for one in view.reviewers if one.name == "Quick Reader"]
    assert Habit.QUICK.value in kim.habits
    assert len(said) == 1
    assert "one person decides" in said[0]
    assert "Quick" not in said[0]
