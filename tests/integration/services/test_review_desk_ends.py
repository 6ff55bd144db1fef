"""How what is chosen for a case can end otherwise: taken back, cancelled with its work, dropped; and who may see it before."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy import event

from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.scoring import DecisionRow, HeldDecisionRow
from orchestrator.db.repositories import review_desk
from orchestrator.db.repositories.retention import waiting_since
from orchestrator.domain.program import FourEyes
from orchestrator.errors import InputInvalid
from orchestrator.services.review.holds import SettleDecision
from orchestrator.services.review.quality import review_troubles
from orchestrator.work.admin import Selection
from orchestrator.work.table import work
from tests.integration.services.people import Newcomer, fresh_sqlite, interview_of
from tests.integration.services.rows import later
from tests.integration.services.test_review_desk import MINUTE, WHY, Desk, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("ends")
    async with opened(fresh_sqlite(sqlite_template, folder), folder) as shared:
        yield shared


async def states(desk: Desk, application: Newcomer) -> list[str]:
    """What became of each choice, in order."""
    rows: Sequence[HeldDecisionRow] = await desk.rows(HeldDecisionRow, application)
    return [row.state.value for row in sorted(rows, key=lambda row: row.decided_at)]


async def settling(desk: Desk, application: Newcomer) -> int:
    """The number of the work that is to make the held decision final."""
    held = next(row for row in await desk.rows(HeldDecisionRow, application) if row.state == "held")
    async with desk.house.runtime.database.reading() as session:
        found = await session.execute(sa.select(work.c.id).where(work.c.dedupe == f"settle:{held.id}"))
        return int(found.scalar_one())


async def dropped_by(desk: Desk, application: Newcomer) -> list[tuple[str, object]]:
    """Who gave up what was held, and why, as the audit log says it."""
    interview = await interview_of(desk.house, application)
    said = (
        sa.select(AuditRow)
        .where(AuditRow.subject == str(interview.id), AuditRow.tag == "account:case:dropped")
        .order_by(AuditRow.sequence)
    )
    async with desk.house.runtime.database.reading() as session:
        return [(row.actor, row.event.details.get("reason")) for row in await session.scalars(said)]


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_undoing_a_different_choice_leaves_the_first_one_waiting(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Nobody gets around a second person by replacing a colleague's choice and taking that back, however often."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        application, case = await desk.case(four_eyes=FourEyes.OVERRIDES)
        kept, other = await desk.band(case)
        await desk.reviewing.decide_result(case, actor=desk.robin, band=other, reason=WHY)
        for _ in range(2):
            await desk.reviewing.decide_result(case, actor=desk.kim, band=kept, reason="")
            await desk.reviewing.undo(case, actor=desk.kim)
            view = await desk.reviewing.case(case, viewer=desk.kim)
            assert (view.proposal and view.proposal.by.id) == desk.robin.id
        await desk.reviewing.decide_result(case, actor=desk.kim, band=kept, reason="")
        assert await desk.rows(DecisionRow, application) == []
        assert await states(desk, application) == ["replaced", "undone", "undone", "waiting"]

        # Robin differs in turn, and each takes their own back: what waited before waits again, to the first.
        await desk.reviewing.close_unscored(case, actor=desk.robin, reason=WHY)
        for actor in (desk.robin, desk.kim, desk.robin):
            await desk.reviewing.undo(case, actor=actor)
        assert await states(desk, application) == ["undone"] * 5
        assert await desk.rows(DecisionRow, application) == []


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_a_case_whose_work_is_cancelled_is_back_in_the_queue(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Nothing is held without an end: it is dropped with who and why, and the case can be decided again."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        application, case = await desk.case(**MINUTE)
        operating = desk.house.runtime.services.operating
        await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
        by_number = Selection(ids=[await settling(desk, application)])
        assert await operating.cancel(by_number, reason=" A mistake. ", actor="cli")
        assert await states(desk, application) == ["dropped"]
        assert await desk.queued(case) is not None

        await desk.reviewing.decide_result(case, actor=desk.kim, band=None, reason="")
        await operating.done_by_hand(await settling(desk, application), reason="By hand.", actor="cli")
        assert await desk.queued(case) is not None
        assert await dropped_by(desk, application) == [("cli", "A mistake."), ("cli", "By hand.")]

        await desk.reviewing.decide_result(case, actor=desk.kim, band=None, reason="")
        async with later(desk.house, minutes=2):
            assert len(await desk.rows(DecisionRow, application)) == 1
        assert await states(desk, application) == ["dropped", "dropped", "final"]
        await operating.verify_audit()


async def test_a_first_choice_waits_on_when_agreeing_is_cancelled(desk: Desk) -> None:
    """Only what is held goes; other work that is cancelled leaves it alone."""
    application, case = await desk.case(four_eyes=FourEyes.ALL, **MINUTE)
    for actor in (desk.robin, desk.kim):
        await desk.reviewing.decide_result(case, actor=actor, band=None, reason="")
    operating = desk.house.runtime.services.operating
    await operating.cancel(Selection(kinds=("writeback.run",)), reason="No.", actor="cli")
    assert await states(desk, application) == ["waiting", "held"]
    await operating.cancel(Selection(kinds=(SettleDecision.kind,)), reason="No.", actor="cli")
    assert await states(desk, application) == ["waiting", "dropped"]
    assert await dropped_by(desk, application) == [("cli", "No.")]


async def test_what_is_held_for_a_case_that_ended_is_dropped_in_words(desk: Desk) -> None:
    """Where a case ended otherwise before its time was over, the audit log says that the decision did not come about."""
    application, case = await desk.case(**MINUTE)
    await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
    async with desk.house.runtime.database.transaction() as tx:
        # As the release before would leave it, which ends cases and knows nothing of what is held.
        await tx.session.execute(sa.text("UPDATE review_case SET state = 'dropped' WHERE id = :id"), {"id": case.hex})
    async with later(desk.house, minutes=2):
        assert await states(desk, application) == ["dropped"]
    assert await dropped_by(desk, application) == [("system", None)]


async def test_closing_needs_ones_own_band_first(desk: Desk) -> None:
    """A case that is read blind cannot be closed unread, which would show its band for a minute and could be undone."""
    application, case = await desk.case(blind_share=1.0, **MINUTE)
    with pytest.raises(InputInvalid, match="first"):
        await desk.reviewing.close_unscored(case, actor=desk.robin, reason=WHY)
    await desk.reviewing.read_blind(case, actor=desk.robin, band="mixed")
    await desk.reviewing.close_unscored(case, actor=desk.robin, reason=WHY)
    assert await states(desk, application) == ["held"]


async def test_what_a_colleague_holds_is_not_shown_before_ones_own_band(desk: Desk) -> None:
    """Neither the card nor the decision, which tells the same, until the colleague has chosen; who decided sees both."""
    _, case = await desk.case(blind_share=1.0, **MINUTE)
    await desk.reviewing.read_blind(case, actor=desk.robin, band="mixed")
    await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
    seen = await desk.reviewing.case(case, viewer=desk.kim)
    assert (seen.blind, seen.open, seen.card, seen.decision, seen.reasons) == (True, False, None, None, ())
    mine = await desk.reviewing.case(case, viewer=desk.robin)
    assert (mine.blind, mine.card is not None, mine.decision and mine.decision.mine) == (False, True, True)
    await desk.reviewing.read_blind(case, actor=desk.kim, band="mixed")
    after = await desk.reviewing.case(case, viewer=desk.kim)
    assert (after.blind, after.card is not None, after.decision is not None) == (False, True, True)


async def test_operations_reads_only_what_habits_need(desk: Desk) -> None:
    """No whole row with a person's words is read for that page, and no more choices than are asked for, the newest."""
    _, case = await desk.case(**MINUTE)
    await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
    await desk.reviewing.undo(case, actor=desk.robin)
    _, other = await desk.case(four_eyes=FourEyes.ALL)
    for actor in (desk.robin, desk.kim):
        await desk.reviewing.decide_result(other, actor=actor, band=None, reason="")
    now = desk.house.clock.now()
    loaded: list[Any] = []

    def note(row: Any, _: Any) -> None:
        loaded.append(row)

    event.listen(HeldDecisionRow, "load", note)
    try:
        async with desk.house.runtime.database.reading() as session:
            assert await review_troubles(session, now=now) == []
            newest = await review_desk.paces_since(session, now - timedelta(days=1), limit=1)
            assert loaded == []
            rows = await review_desk.chosen_since(session, now - timedelta(days=1))
    finally:
        event.remove(HeldDecisionRow, "load", note)
    last = max(rows, key=lambda row: row.decided_at)
    assert newest == [(last.actor_id, last.verdict, last.opened_at, last.decided_at)]
    assert len(loaded) == len(rows) > 1


async def test_retention_leaves_alone_what_is_about_to_be_final(desk: Desk) -> None:
    """An interview that waited for too long is not closed in the minute after somebody decided about it after all."""
    application, case = await desk.case(**MINUTE)
    interview = await interview_of(desk.house, application)
    tomorrow = desk.house.clock.now() + timedelta(days=1)
    for choose in (False, True):
        if choose:
            await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
        async with desk.house.runtime.database.reading() as session:
            due = await waiting_since(session, tomorrow, only=interview.id)
        assert list(due) == ([] if choose else [interview.id])
