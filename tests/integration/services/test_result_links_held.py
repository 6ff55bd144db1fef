"""A result link says what the ATS was told: nothing that a stop holds, nothing before it was told, nothing for nobody's order."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import structs

from adapters.contract.assessment import Progress
from orchestrator.config.schema import ResultLinks as Settings
from orchestrator.db.base import new_id
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.ordering import OrderReportRow, OrderRow, ReportState
from orchestrator.db.models.stop import StopScope
from orchestrator.db.models.writeback import WriteBackRow, WriteBackState
from orchestrator.db.repositories import result_links as rows
from orchestrator.domain.interview import Completion, InterviewState
from orchestrator.domain.ordering import OrderState
from orchestrator.domain.writeback import FieldMap
from orchestrator.errors import Missing
from orchestrator.services.connections import Connections
from orchestrator.services.result_links import LinkState
from orchestrator.services.stopping import Reach
from tests.fixtures.house import House
from tests.fixtures.ordering_sandbox import PRESENTED, ordered
from tests.integration.services.people import Colleague, Newcomer, fresh_sqlite, in_review, interview_of, newcomer
from tests.integration.services.result_links import (
    DAYS,
    events,
    finished,
    house_with_links,
    issued,
    other,
    page,
    reference,
    with_settings,
    words_of,
)
from tests.integration.services.rows import clock_moved

pytestmark = pytest.mark.asyncio(loop_scope="module")
WHY = "The scores are wrong."
KEY = next(iter(PRESENTED.values()))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("links")
    async with house_with_links(fresh_sqlite(sqlite_template, folder), folder) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def robin(house: House) -> AsyncIterator[Colleague]:
    """A reviewer who is signed in."""
    with Colleague(house) as colleague:
        await colleague.sign_in()
        yield colleague


async def order_of(house: House, application: Newcomer) -> OrderRow:
    """The order of somebody's interview."""
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        return (await session.scalars(sa.select(OrderRow).where(OrderRow.interview_id == interview.id))).one()


async def asked(house: House, application: Newcomer) -> dict[str, object]:
    """What the ATS reads when it asks how an order stands."""
    order = await order_of(house, application)
    async with httpx.AsyncClient(base_url=f"{house.url}/partner/sandbox", auth=(KEY, ""), trust_env=False) as ats:
        answer = await ats.get("/test_status", params={"partner_interview_id": str(order.id)})
    assert answer.status_code == 200, answer.text
    said: dict[str, object] = answer.json()
    return said


def bare(answer: httpx.Response) -> bool:
    """Whether a page has no result on it."""
    text = words_of(answer)
    return (
        not [words for words in (" of 5", "evidence", "“", "EH-") if words in text] and "/results/" not in answer.text
    )


async def test_a_stop_holds_the_result_for_link_and_question(house: House, robin: Colleague) -> None:
    """Decided while everything is stopped: who has the link, and the ATS that asks, read it only once that ends."""
    application, stopping = await newcomer(house), house.runtime.services.stopping
    case = await in_review(house, application)
    link = await issued(house, application)
    everything = Reach(StopScope.EVERYTHING)
    await stopping.stop(everything, reason=WHY, actor="cli")
    try:
        await robin.send(f"/review/{case}", "/decision")
        await house.work()
        assert (await interview_of(house, application)).state is InterviewState.FINAL
        held = await page(house, link)
        assert "In review" in words_of(held)
        assert bare(held)
        before = await asked(house, application)
        assert before["partner_status"] != "complete"
        assert "Band" not in str(before)
    finally:
        await stopping.resume(everything, reason=WHY, actor="cli")
    await house.until_field(application.id, "interview_completion", "Completed")
    await house.work()
    audit_ref = await reference(house, application)
    assert audit_ref in words_of(await page(house, link))
    after = await asked(house, application)
    assert after["partner_status"] == "complete"
    assert "Band" in str(after)


async def test_every_stop_that_reaches_it_covers_a_result(house: House, robin: Colleague) -> None:
    """Also one that the ATS had long before: somebody stops because it is wrong. Another program's stop is nothing to it."""
    application, stopping = await newcomer(house), house.runtime.services.stopping
    link = await finished(house, robin, application)
    program = (await interview_of(house, application)).program_key
    others = [reach for reach in stopping.reaches() if reach.scope is StopScope.PROGRAM and reach.name != program]
    mine = [Reach(StopScope.EVERYTHING), Reach(StopScope.CONNECTION, "sandbox"), Reach(StopScope.PROGRAM, program)]
    for reach in (*mine, *others):
        await stopping.stop(reach, reason=WHY, actor="cli")
        try:
            assert bare(await page(house, link)) is (reach in mine), reach
            assert ((await asked(house, application))["partner_status"] == "complete") is (reach not in mine), reach
        finally:
            await stopping.resume(reach, reason=WHY, actor="cli")
        assert not bare(await page(house, link))


async def test_nothing_is_shown_before_the_ats_was_told(house: House, robin: Colleague) -> None:
    """Neither written back nor reported: in review. A report of the end that was told is enough, and so are fields."""
    application = await newcomer(house)
    link = await finished(house, robin, application)
    interview, order = await interview_of(house, application), await order_of(house, application)
    report = OrderReportRow(
        id=new_id(),
        order_id=order.id,
        progress=Progress.COMPLETED,
        at=interview.created_at,
        state=ReportState.PENDING,
    )
    async with house.runtime.database.transaction() as tx:
        tx.session.add(report)
    written = sa.update(WriteBackRow).where(WriteBackRow.interview_id == interview.id, WriteBackRow.kind == "result")
    told = sa.update(OrderReportRow).where(OrderReportRow.order_id == order.id)
    for write_back, reported, shown in (
        (WriteBackState.PENDING, ReportState.PENDING, False),
        (WriteBackState.CONFLICT, ReportState.NO_WORD, False),
        (WriteBackState.BY_HAND, ReportState.OVERTAKEN, False),
        (WriteBackState.PENDING, ReportState.TOLD, True),
        (WriteBackState.WRITTEN, ReportState.PENDING, True),
    ):
        async with house.runtime.database.transaction() as tx:
            await tx.session.execute(written.values(state=write_back))
            await tx.session.execute(told.values(state=reported))
        answer = await page(house, link)
        assert bare(answer) is not shown, (write_back, reported)
        assert ("In review" in words_of(answer)) is not shown


async def test_the_words_are_those_of_the_ats(house: House) -> None:
    """Withdrawn is said where the ATS has that word in a field; where it has only what orders are told, it is not."""
    application = await newcomer(house)
    await house.invite(application.id)
    token = (await issued(house, application)).rpartition("/")[2]
    interview = await interview_of(house, application)
    async with house.runtime.database.transaction() as tx:
        withdrawn = sa.update(InterviewRow).where(InterviewRow.id == interview.id)
        await tx.session.execute(withdrawn.values(state=InterviewState.WITHDRAWN))
    connection = house.runtime.connections.get("sandbox")
    fieldless = structs.replace(connection.settings, fields=FieldMap(note=connection.settings.fields.note))
    notes_only = Connections([structs.replace(connection, settings=fieldless)])
    assert (await other(house).view(token)).completion is Completion.WITHDRAWN
    assert (await other(house, connections=notes_only).view(token)).completion is Completion.NOT_SCORED
    await ordered(house.runtime.database, interview.id, ours=True)
    assert (await other(house).view(token)).completion is Completion.NOT_SCORED


async def test_a_link_that_is_over_never_opens_again(house: House) -> None:
    """What is told later is another link, and the old one is dead also where links are given more time again."""
    application = await newcomer(house)
    await house.invite(application.id)
    old, interview = await issued(house, application), await interview_of(house, application)
    short = other(house, connections=with_settings(house, Settings(reachable=True, days=2)))
    long = other(house, connections=with_settings(house, Settings(reachable=True, days=300)))
    connection = house.runtime.connections.get("sandbox")
    item = (await short.listed(limit=1))[0]
    assert (item.expires_at - item.issued_at).days == 2
    assert (await long.listed(limit=1))[0].expires_at == item.issued_at + (item.expires_at - item.issued_at) * DAYS / 2
    with clock_moved(house, days=3):
        with pytest.raises(Missing):
            await short.view(old.rpartition("/")[2])
        assert (await short.listed(limit=1))[0].state is LinkState.EXPIRED
        less = structs.replace(connection.settings, result_links=Settings(reachable=True, days=2))
        new = await short.issue(interview.id, structs.replace(connection, settings=less))
        assert new is not None
        assert new != old
        async with house.runtime.database.reading() as session:
            assert await long.living(session, interview.id, connection) == new
        assert (await page(house, old)).status_code == 404
        assert (await page(house, new)).status_code == 200
        with pytest.raises(Missing):
            await long.view(old.rpartition("/")[2])
    assert len(await events(house, application, "issued")) == 2


async def test_links_end_where_nobody_orders_any_more(house: House, robin: Colleague) -> None:
    """Without the secrets of orders, or with every order of the interview taken back, nothing opens and none is told."""
    application = await newcomer(house)
    link = await finished(house, robin, application)
    interview, audit_ref = await interview_of(house, application), await reference(house, application)
    connection = structs.replace(house.runtime.connections.get("sandbox"), desk=None)
    without = other(house, connections=Connections([connection]))
    with pytest.raises(Missing):
        await without.view(link.rpartition("/")[2])
    item = await without.of_result(audit_ref)
    assert item is not None
    assert item.state is LinkState.CLOSED
    assert await without.issue(interview.id, connection) is None

    back = sa.update(OrderRow).where(OrderRow.interview_id == interview.id)
    for state in (state for state in OrderState if state is not OrderState.PLACED):
        async with house.runtime.database.transaction() as tx:
            await tx.session.execute(back.values(state=state))
        assert (await page(house, link)).status_code == 404
    item = await other(house).of_result(audit_ref)
    assert item is not None
    assert item.state is LinkState.CANCELLED
    assert "every order of this interview was taken back" in (await robin.open(f"/results/{audit_ref}")).text("main")
    await ordered(house.runtime.database, interview.id)
    assert (await page(house, link)).status_code == 200


async def test_a_dead_link_fills_no_log(house: House) -> None:
    """However often somebody tries: one line for each hour."""
    application = await newcomer(house)
    await house.invite(application.id)
    link = await issued(house, application)
    interview = await interview_of(house, application)
    item = await other(house).of_application(interview.application_id)
    assert item is not None
    assert (item.state, item.audit_ref) == (LinkState.OPEN, None)
    await other(house).revoke(str(item.id), reason=WHY, actor="cli")
    for minutes, lines in ((0, 1), (59, 1), (60, 2), (119, 2), (121, 3)):
        with clock_moved(house, minutes=minutes):
            for _ in range(3):
                assert (await page(house, link)).status_code == 404
        assert len(await events(house, application, "refused")) == lines, minutes


async def test_telling_and_revoking_take_turns(database_url: str, tmp_path: Path) -> None:
    """A link that somebody revokes while it is told is not renewed afterwards, and two who revoke it do it once."""
    async with house_with_links(database_url, tmp_path) as house:
        application = await newcomer(house)
        await house.invite(application.id)
        await issued(house, application)
        interview, service = await interview_of(house, application), other(house)
        [item] = await service.listed()
        connection = house.runtime.connections.get("sandbox")
        with clock_moved(house, days=2):
            async with house.runtime.database.transaction() as tx:
                await rows.hold(tx.session, interview.id)
                waiting = asyncio.create_task(service.issue(interview.id, connection))
                both = [asyncio.create_task(service.revoke(str(item.id), reason=WHY, actor="cli")) for _ in range(2)]
                await asyncio.wait({waiting, *both}, timeout=0.5)
                [link] = await rows.of_interview(tx.session, interview.id)
                link.revoked_at = house.clock.now()
            assert await waiting is None
            await asyncio.gather(*both)
        assert await events(house, application, "renewed") == []
        assert await events(house, application, "revoked") == []
