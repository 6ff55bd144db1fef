"""Where the ATS shows no notes: written once, and where nobody knows whether it is there, a person looks (N4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
from typing_extensions import override

from adapters.contract.errors import OutcomeUnknown, Unsupported
from adapters.contract.manifest import Capability
from adapters.contract.model import Note, Visibility
from adapters.sandbox.adapter import SandboxAdapter
from orchestrator.db.models.writeback import WriteBackRow, WriteBackState
from orchestrator.db.session import Database
from orchestrator.services.views import WorkItem
from orchestrator.work.admin import Selection
from orchestrator.work.table import WorkState
from orchestrator.work.table import work as work_table
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import API_KEY
from tests.fixtures.timers import advance
from tests.integration.services.ats_record import OURS
from tests.integration.services.people import Colleague, Newcomer, in_review, newcomer
from tests.integration.services.rows import settled
from tests.integration.services.test_guards import handlers_with


class Mute(SandboxAdapter):
    """An ATS that takes notes and shows none. ``silent`` says how often it does not answer, ``dies`` how often our process ends.

    ``robs``: once, while it does not answer, another worker takes the work away, and nothing of the attempt's end is kept.
    """

    silent = 0
    dies = 0
    sent = 0
    robbed = 0
    robs: Database | None = None

    @override
    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        raise Unsupported(Capability.NOTES)

    @override
    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        self.sent += 1
        note = await super().add_note(application_id, body, visibility=visibility)
        if self.robs is not None:
            robbed = sa.update(work_table).where(work_table.c.state == WorkState.RUNNING)
            async with self.robs.transaction() as tx:
                await tx.session.execute(robbed.values(token="another", lease_until=0.0))
            self.robs, self.robbed = None, self.robbed + 1
        if self.dies:
            self.dies -= 1
            raise asyncio.CancelledError
        if self.silent:
            self.silent -= 1
            raise OutcomeUnknown("the connection ended before the answer")
        return note


@asynccontextmanager
async def decided(sqlite_url: str, folder: Path) -> AsyncIterator[tuple[House, Newcomer, Mute]]:
    """A house in which a result is to go out to an ATS that shows no notes."""
    async with running_house(sqlite_url, folder) as house:
        application = await newcomer(house)
        case = await in_review(house, application)
        await settled(house)
        with Colleague(house) as robin:
            await robin.sign_in()
            await robin.send(f"/review/{case}", "/decision")
        adapter = Mute(house.sandbox.base_url, API_KEY)
        try:
            yield house, application, adapter
        finally:
            await adapter.aclose()


async def work(house: House, adapter: Mute) -> None:
    """Let every wait pass, several times."""
    for _ in range(3):
        worker = handlers_with(house, adapter)
        await worker.keep_leases()
        await worker.run_until_idle()
        await advance(house.runtime.database, 3600)


async def dead(house: House) -> WorkItem:
    """The one dead letter."""
    (item,) = await house.runtime.services.operating.dead_letters()
    return item


async def notes(house: House, application: Newcomer) -> int:
    """How many notes the application has."""
    return len((await house.sandbox.profile(application.id))["notes"])


async def test_an_answered_note_is_written_once(sqlite_url: str, tmp_path: Path) -> None:
    """The ATS said yes: done, with every field."""
    async with decided(sqlite_url, tmp_path) as (house, application, adapter):
        await work(house, adapter)
        profile = await house.sandbox.profile(application.id)
        assert (len(profile["notes"]), adapter.sent, set(profile["custom_fields"])) == (1, 1, OURS)
        assert await house.runtime.services.operating.dead_letters() == ()


async def test_an_unanswered_note_is_not_sent_again_until_a_person_looked(sqlite_url: str, tmp_path: Path) -> None:
    """A dead letter says what to look for; run again it is sent once more, and asks again where that is silent too."""
    async with decided(sqlite_url, tmp_path) as (house, application, adapter):
        adapter.silent = 2
        for sent in (1, 2):
            await work(house, adapter)
            item = await dead(house)
            assert "Look at the application in the ATS for [evenhand EH-" in (item.cause or "")
            assert (item.cause or "").endswith("the note is sent once more")
            assert (adapter.sent, await notes(house, application)) == (sent, sent)
            await house.runtime.services.operating.replay(item.id, actor="cli")
        await work(house, adapter)
        assert adapter.sent == 3
        assert await house.runtime.services.operating.dead_letters() == ()


async def test_who_saw_the_note_settles_it_by_hand(sqlite_url: str, tmp_path: Path) -> None:
    """Nothing is sent any more, and the fields that were written stay known as ours."""
    async with decided(sqlite_url, tmp_path) as (house, application, adapter):
        adapter.silent = 1
        await work(house, adapter)
        item = await dead(house)
        await house.runtime.services.operating.done_by_hand(item.id, reason="The note is there.", actor="cli")
        await work(house, adapter)
        assert (adapter.sent, await notes(house, application)) == (1, 1)
        async with house.runtime.database.reading() as session:
            states = list(await session.scalars(sa.select(WriteBackRow.state).order_by(WriteBackRow.sequence)))
            owned = set(await session.scalars(sa.text("SELECT field FROM owned_field")))
        assert states[-1] is WriteBackState.BY_HAND
        assert owned == OURS


async def test_a_note_that_a_death_cut_off_is_not_sent_again(sqlite_url: str, tmp_path: Path) -> None:
    """The process died between the note and its answer: the next one asks a person."""
    async with decided(sqlite_url, tmp_path) as (house, application, adapter):
        adapter.dies = 1
        await work(house, adapter)
        assert "Look at the application" in ((await dead(house)).cause or "")
        assert (adapter.sent, await notes(house, application)) == (1, 1)


async def test_nobody_was_asked_where_the_dead_letter_was_not_kept(sqlite_url: str, tmp_path: Path) -> None:
    """The work was taken away before its dead letter was stored: whoever takes it over asks, and sends nothing."""
    async with decided(sqlite_url, tmp_path) as (house, application, adapter):
        adapter.silent, adapter.robs = 1, house.runtime.database
        await work(house, adapter)
        assert adapter.robbed == 1
        assert (adapter.sent, await notes(house, application)) == (1, 1)
        assert "Look at the application" in ((await dead(house)).cause or "")


async def test_who_runs_many_again_has_looked_at_none(sqlite_url: str, tmp_path: Path) -> None:
    """All dead letters are replayed but the one that asks a person, which is named; by its number it is."""
    async with decided(sqlite_url, tmp_path) as (house, application, adapter):
        adapter.silent = 1
        await work(house, adapter)
        operating, item = house.runtime.services.operating, await dead(house)
        for meant in (Selection(), Selection(ids=[item.id]), Selection(kinds=["ats.write", "mail.send"])):
            replayed = await operating.replay_many(meant, actor="cli")
            assert (replayed.ids, replayed.asked) == ([], [item.id])
        assert (await operating.replay_many(Selection(kinds=["mail.send"]), actor="cli")).asked == []
        await work(house, adapter)
        assert (adapter.sent, await notes(house, application)) == (1, 1)
        await operating.replay(item.id, actor="cli")
        await work(house, adapter)
        assert adapter.sent == 2
