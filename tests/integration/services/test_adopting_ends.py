"""What becomes of a chosen reading besides being used: given up, taken back, refused, hidden, and what is on record."""

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
from orchestrator.db.models.ordering import OrderRow
from orchestrator.db.models.scoring import ResultRow
from orchestrator.db.repositories.retention import waiting_since
from orchestrator.domain.ordering import OrderState
from orchestrator.domain.program import FourEyes
from orchestrator.errors import Stale
from orchestrator.services.rescoring.checks import BLIND, DECIDED, TOLD_ONCE
from orchestrator.services.rescoring.held import SettleAdoption
from orchestrator.work.admin import Selection
from orchestrator.work.table import work
from tests.integration.services.people import Newcomer, fresh_sqlite, interview_of
from tests.integration.services.rows import later
from tests.integration.services.test_adopting import (
    STRONG,
    adopting,
    finished,
    logged,
    longer,
    read_again,
    view,
)
from tests.integration.services.test_review_desk import MINUTE, WHY, Desk, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("adopting_ends")
    async with opened(fresh_sqlite(sqlite_template, folder), folder) as shared:
        yield shared


async def policy(desk: Desk, interview_id: uuid.UUID, **changes: Any) -> None:
    """Another review policy, from now on."""
    async with desk.house.runtime.database.transaction() as tx:
        row = await tx.session.get_one(InterviewRow, interview_id)
        row.program = structs.replace(row.program, review=structs.replace(row.program.review, **changes))


async def states(desk: Desk, application: Newcomer) -> list[str]:
    """What became of every choice, in order."""
    rows = await desk.rows(AdoptionRow, application)
    return [row.state.value for row in sorted(rows, key=lambda row: row.decided_at)]


async def details(desk: Desk, application: Newcomer, what: str) -> list[dict[str, Any]]:
    """What the audit log says of every such event about readings."""
    interview = await interview_of(desk.house, application)
    events = (
        sa.select(AuditRow)
        .where(AuditRow.subject == str(interview.id), AuditRow.tag == f"account:rescoring:{what}")
        .order_by(AuditRow.sequence)
    )
    async with desk.house.runtime.database.reading() as session:
        return [{"actor": row.actor, **row.event.details} for row in await session.scalars(events)]


async def test_who_is_to_read_blind_sees_no_reading_whatever_a_colleague_chose(desk: Desk) -> None:
    """A choice that waits, or is held, hides nothing less: a later reading tells the software's band."""
    application, case = await desk.case(**MINUTE)
    interview, reading = await read_again(desk, application)
    band, _ = await desk.band(case)
    await policy(desk, interview, blind_share=1.0, four_eyes=FourEyes.ALL)
    await desk.reviewing.read_blind(case, actor=desk.kim, band=band)
    await desk.reviewing.decide_result(case, actor=desk.kim, band=band, reason=WHY)
    assert (await desk.reviewing.case(case, viewer=desk.robin)).card is None
    hidden = await view(desk, interview, desk.robin)
    assert (hidden.readings, hidden.override, hidden.hindrance) == ((), None, BLIND)
    with pytest.raises(Stale, match="open the case first"):
        await adopting(desk).adopt(reading, actor=desk.robin, reason=WHY)
    seen = await view(desk, interview, desk.kim)
    assert ([one.id for one in seen.readings], seen.hindrance) == ([reading], DECIDED)
    await desk.reviewing.read_blind(case, actor=desk.robin, band=band)
    assert [one.id for one in (await view(desk, interview, desk.robin)).readings] == [reading]


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_a_reading_whose_work_is_cancelled_can_be_chosen_again(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Nothing is held without an end: it is dropped with who and why, whether cancelled or settled by hand."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        application, _, told = await finished(desk)
        interview, reading = await read_again(desk, application)
        await longer(desk, interview)
        operating = desk.house.runtime.services.operating
        await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
        assert await operating.cancel(Selection(kinds=(SettleAdoption.kind,)), reason=" A mistake. ", actor="cli")
        assert await states(desk, application) == ["dropped"]

        await adopting(desk).adopt(reading, actor=desk.robin, reason=WHY)
        async with desk.house.runtime.database.reading() as session:
            mine = sa.select(work.c.id).where(work.c.kind == SettleAdoption.kind, work.c.state == "queued")
            number = (await session.execute(mine)).scalar_one()
        await operating.done_by_hand(number, reason="By hand.", actor="cli")
        assert await states(desk, application) == ["dropped", "dropped"]
        said = [(event["actor"], event["reason"]) for event in await details(desk, application, "dropped")]
        assert said == [("cli", "A mistake."), ("cli", "By hand.")]
        assert (await desk.told(application))["interview_band"] == told

        await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
        async with later(desk.house, minutes=2):
            assert (await desk.told(application))["interview_band"] == STRONG.label
        assert await states(desk, application) == ["dropped", "dropped", "final"]
        await operating.verify_audit()


async def test_a_result_that_an_order_was_told_stays(desk: Desk) -> None:
    """An order is told one result: before it was, a reading can be used; afterwards none, and what is held is dropped."""
    application, _, told = await finished(desk)
    interview, reading = await read_again(desk, application)
    await longer(desk, interview)
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    await ordered(desk, interview)
    async with later(desk.house, minutes=2):
        assert (await desk.told(application))["interview_band"] == told
    assert await states(desk, application) == ["dropped"]
    assert (await view(desk, interview, desk.kim)).hindrance == TOLD_ONCE
    with pytest.raises(Stale, match="takes one result for an order"):
        await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    assert len(await desk.rows(ResultRow, application)) == 1

    another, _ = await desk.case(undo_seconds=0.0)
    open_still, reading = await read_again(desk, another)
    await ordered(desk, open_still)
    assert (await view(desk, open_still, desk.kim)).hindrance == ""
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    assert (await desk.told(another))["interview_band"] == STRONG.label


async def ordered(desk: Desk, interview_id: uuid.UUID) -> None:
    """An order that waits for what becomes of an interview."""
    async with desk.house.runtime.database.transaction() as tx:
        interview = await tx.session.get_one(InterviewRow, interview_id)
        tx.session.add(
            OrderRow(
                id=uuid.uuid4(),
                connection=interview.program.connection,
                dedupe=uuid.uuid4().hex,
                turn=1,
                program_key=interview.program_key,
                received_at=desk.house.clock.now(),
                state=OrderState.PLACED,
                application_id=interview.application_id,
                interview_id=interview.id,
            )
        )


async def test_retention_leaves_alone_whose_reading_is_about_to_be_final(desk: Desk) -> None:
    """An interview that waited for too long is not closed in the minute after somebody chose a reading after all."""
    application, _ = await desk.case(**MINUTE)
    interview, reading = await read_again(desk, application)
    tomorrow = (await interview_of(desk.house, application)).expires_at
    for choose in (False, True):
        if choose:
            await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
        async with desk.house.runtime.database.reading() as session:
            due = await waiting_since(session, tomorrow, only=interview)
        assert list(due) == ([] if choose else [interview])


async def test_what_was_replaced_waits_again_when_the_other_choice_is_taken_back(desk: Desk) -> None:
    """A colleague who chose another reading and takes that back leaves the first choice as it was found."""
    application, _, _ = await finished(desk)
    interview, first = await read_again(desk, application)
    _, second = await read_again(desk, application)
    await policy(desk, interview, four_eyes=FourEyes.ALL)
    await adopting(desk).adopt(first, actor=desk.kim, reason=WHY)
    await adopting(desk).adopt(second, actor=desk.robin, reason=WHY)
    assert await states(desk, application) == ["replaced", "waiting"]
    await adopting(desk).undo(interview, actor=desk.robin)
    assert await states(desk, application) == ["waiting", "undone"]
    await adopting(desk).adopt(first, actor=desk.robin, reason="")
    assert (await desk.told(application))["interview_band"] == STRONG.label
    assert await states(desk, application) == ["final", "undone", "final"]
    assert await logged(desk, application) == ["proposed", "proposed", "undone", "chosen", "adopted"]


async def test_the_log_says_what_was_replaced_by_which_band(desk: Desk) -> None:
    """The decision that a person made before can be found from the event that put a reading in its place."""
    application, _, _ = await finished(desk, override=True)
    interview, reading = await read_again(desk, application)
    override = (await view(desk, interview, desk.kim)).override
    assert override is not None
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY, seen=override.id)
    [event] = await details(desk, application, "adopted")
    assert (event["band"], event["replaces"]) == (STRONG.key, override.id)
