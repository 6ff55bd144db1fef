"""A case that waits longer than planned is told to administrators by mail, once, and stands on the operations page."""

import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from orchestrator.db.models.account import AccountRow
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.stop import StopScope
from orchestrator.mail.catching.store import Delivery
from orchestrator.mail.review_mail import CASE_OVERDUE
from orchestrator.services.review_kinds import CaseOverdue, TellOfCase
from orchestrator.services.stopping import Reach
from orchestrator.work.table import work
from tests.integration.services.people import fresh_sqlite
from tests.integration.services.rows import clock_moved, later, settled
from tests.integration.services.test_review_desk import MINUTE, Desk, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
A_DAY_AND_MORE = {"hours": 26.2}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("overdue")
    async with opened(fresh_sqlite(sqlite_template, folder), folder) as shared:
        yield shared


def mails_about(desk: Desk, case: uuid.UUID) -> Sequence[Delivery]:
    """Every mail about a case."""
    return [mail for mail in desk.house.mails.deliveries if f"{case.hex}.{CASE_OVERDUE}." in mail.message_id]


async def troubles(desk: Desk) -> str:
    """What the operations page says of overdue cases."""
    said = (await desk.house.runtime.services.operating.overview()).troubles
    return next((line for line in said if "overdue" in line), "")


async def look_now(desk: Desk, case: uuid.UUID) -> None:
    """Do what was planned for when the time of a case is over."""
    async with desk.house.runtime.database.transaction() as tx:
        mine = sa.update(work).where(work.c.dedupe == f"overdue:{case}")
        await tx.session.execute(mine.values(state="queued", finished_at=None, run_at=0))
    await settled(desk.house)


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_administrators_are_told_once_of_a_case_that_waits_too_long(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Not before its time, not twice, nobody but administrators; with the link and without the candidate's name."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        _, case = await desk.case(**MINUTE)
        async with later(desk.house, hours=23):
            # Work can come before its time where two clocks differ.
            await look_now(desk, case)
            assert (mails_about(desk, case), await troubles(desk)) == ([], "")
        async with later(desk.house, **A_DAY_AND_MORE):
            await settled(desk.house)
            [mail] = mails_about(desk, case)
            assert await troubles(desk) == "one review case is overdue by 2 hours: see Review"
            async with desk.house.runtime.database.transaction() as tx:
                again = sa.update(work).where(work.c.kind.in_((CaseOverdue.kind, TellOfCase.kind)))
                await tx.session.execute(again.values(state="queued", finished_at=None, run_at=0))
            await settled(desk.house)
        assert mails_about(desk, case) == [mail]
        assert mail.to == desk.robin.email
        for written in (mail.text, mail.html or ""):
            assert f"{desk.house.url}/review/{case}" in written
        assert "Wren" not in f"{mail.subject}{mail.text}{mail.html}"
        assert "Newcomer" not in f"{mail.subject}{mail.text}{mail.html}"
        async with desk.house.runtime.database.reading() as session:
            events = (await session.scalars(sa.select(AuditRow).where(AuditRow.tag == "system:case:overdue"))).all()
        assert {event.event.details["case"] for event in events} == {case.hex}
        assert "@" not in repr([event.event for event in events])


async def test_nobody_is_told_of_a_case_that_was_decided_in_time(desk: Desk) -> None:
    """Nor of one that somebody has just decided; if that is taken back, they are told after all."""
    _, decided = await desk.case(undo_seconds=0.0)
    await desk.reviewing.decide_result(decided, actor=desk.robin, band=None, reason="")
    _, case = await desk.case(**MINUTE)
    with clock_moved(desk.house, **A_DAY_AND_MORE):
        await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
        await look_now(desk, case)
        assert (mails_about(desk, case), await troubles(desk)) == ([], "")
        await desk.reviewing.undo(case, actor=desk.robin)
        await look_now(desk, case)
        assert len(mails_about(desk, case)) == 1
        assert await troubles(desk)
        await look_now(desk, decided)
    assert mails_about(desk, decided) == []
    await desk.reviewing.close_unscored(case, actor=desk.robin, reason="It was a test of the queue.")


async def test_a_stop_holds_the_mail_and_the_contact_gets_it_where_nobody_administers(desk: Desk) -> None:
    """Nothing is sent while everything is stopped; where no administrator is left, the contact of evenhand.yaml is told."""
    _, case = await desk.case(**MINUTE)
    stopping, reach = desk.house.runtime.services.stopping, Reach(StopScope.EVERYTHING)
    async with desk.house.runtime.database.transaction() as tx:
        gone = sa.update(AccountRow).where(AccountRow.id == desk.robin.id)
        await tx.session.execute(gone.values(disabled_at=desk.house.clock.now()))
    await stopping.stop(reach, reason="A look at the mails first.", actor="cli")
    async with later(desk.house, **A_DAY_AND_MORE):
        assert mails_about(desk, case) == []
        await stopping.resume(reach, reason="The mails are in order.", actor="cli")
        await settled(desk.house)
        [mail] = mails_about(desk, case)
    assert mail.to == desk.house.runtime.configuration.company.contact_email
