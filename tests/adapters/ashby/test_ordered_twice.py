"""Ordered again after the first interview ran out, where the program allows that: one of them is open, never both."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestrator.db.models.account import AccountRow, Role
from orchestrator.db.models.interview import InterviewRow
from orchestrator.domain.interview import Alternative, InterviewState
from orchestrator.domain.program import ReEntry
from orchestrator.errors import Stale
from orchestrator.services.views import Account
from tests.adapters.ashby.test_orders import AshbyOrders, ordering_life, states
from tests.adapters.ashby.world import ASHBY_CASE
from tests.adapters.main_job import connected_house
from tests.adapters.order_job import client
from tests.fixtures.house import REVIEWER
from tests.fixtures.timers import advance

WHY = "The candidate asked for more time."


async def test_a_request_about_the_old_one_opens_no_second(sqlite_url: str, tmp_path: Path) -> None:
    """The candidate asks on the old page: a person takes over, but cannot have the old interview go on beside the new."""
    again = ReEntry.AFTER_FINISHED
    async with (
        ordering_life() as world,
        connected_house(ASHBY_CASE, world, sqlite_url, tmp_path, orders=True, re_entry=again) as house,
        client(house) as http,
    ):
        assert isinstance(world, AshbyOrders)
        services, database = house.runtime.services, house.runtime.database
        await world.order(http)
        await house.until("the invitation", house.invited)
        await advance(database, 8 * 86400.0)
        await house.work()
        await world.order(http)
        await house.until("the second invitation", lambda: house.invited(2))
        assert await states(house) == [InterviewState.EXPIRED, InterviewState.INVITED]
        await services.interviewing.ask(
            house.links()[0].rpartition("/")[2], Alternative.ADJUSTMENT, "More time, please"
        )
        (case,) = await services.reviewing.queue()
        async with database.reading() as session:
            account = (await session.scalars(sa.select(AccountRow.id))).one()
        reviewer = Account(id=account, email=REVIEWER.email, name=REVIEWER.name, role=Role.ADMIN)
        with pytest.raises(Stale, match="newer"):
            await services.reviewing.answer_request(case.case_id, actor=reviewer, resume=True, reason=WHY)
        assert await states(house) == [InterviewState.PAUSED, InterviewState.INVITED]
        async with database.transaction() as tx:
            newest = sa.select(InterviewRow.id).order_by(InterviewRow.id.desc()).limit(1)
            gone = sa.update(InterviewRow).where(InterviewRow.id.in_(newest)).values(state=InterviewState.CANCELLED)
            await tx.session.execute(gone)
        await services.reviewing.answer_request(case.case_id, actor=reviewer, resume=True, reason=WHY)
        assert await states(house) == [InterviewState.INVITED, InterviewState.CANCELLED]
