"""Administrators are told of credentials that end or are refused, each once, whatever is removed or restarted (H4, A1)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from orchestrator.db.models.account import AccountRow, Role
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.credential import SecretRow
from orchestrator.db.models.stop import StopScope
from orchestrator.db.repositories.credentials import keep_end, keep_secret, locked_token
from orchestrator.mail.catching.store import Delivery
from orchestrator.services.kinds import WatchCredentials
from orchestrator.services.stopping import Reach
from orchestrator.work.limits import pause, resume
from orchestrator.work.queue import enqueue
from orchestrator.work.table import work
from tests.fixtures.house import REVIEWER, House, running_house
from tests.integration.services.rows import clock_moved

REASON = "AuthRejected: the vendor does not take the refresh token any more"
SECRET = "a-refresh-token-that-nobody-may-read"


async def look(house: House) -> Sequence[Delivery]:
    """What the clock asks for once an hour; every mail there is afterwards."""
    async with house.runtime.database.transaction() as tx:
        await enqueue(tx, WatchCredentials())
    await house.work()
    return list(house.mails.deliveries)


async def told(house: House, ends_at: datetime | None) -> None:
    """The ATS says when the credentials end."""
    async with house.runtime.database.transaction() as tx:
        await keep_end(tx, "sandbox", ends_at=ends_at, at=house.clock.now())


async def forget_finished(house: House) -> None:
    """Retention removes finished work."""
    async with house.runtime.database.transaction() as tx:
        await tx.session.execute(sa.delete(work).where(work.c.state == "done"))


async def test_each_threshold_is_told_once(database_url: str, tmp_path: Path) -> None:
    """30, 7 and 1 days before, and when it has ended; also after finished work was removed. It stands in the audit log."""
    async with running_house(database_url, tmp_path, subscribe=False) as house:
        end = house.clock.now() + timedelta(days=40)
        await told(house, end)
        assert await look(house) == []
        for days in (29.9, 20, 6.5, 3, 0.5, -1):
            with clock_moved(house, days=40 - days):
                for _ in range(2):
                    await look(house)
                    await forget_finished(house)
        subjects = [mail.subject for mail in house.mails.deliveries]
        assert [subject.partition("end")[2] for subject in subjects] == [
            " in 29 days",
            " in 6 days",
            " in less than a day",
            "ed",
        ]
        assert {mail.to for mail in house.mails.deliveries} == {REVIEWER.email}
        async with house.runtime.database.reading() as session:
            events = (await session.scalars(sa.select(AuditRow).where(AuditRow.tag == "system:credential:told"))).all()
        assert [row.event.details["days"] for row in events] == [30, 7, 1, 0]
        assert {row.subject for row in events} == {"sandbox/*"}
        assert "@" not in repr([row.event for row in events])


async def test_the_mail_names_the_mend(sqlite_url: str, tmp_path: Path) -> None:
    """The variable of evenhand.yaml, the connection's page, and no value."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        await told(house, house.clock.now() + timedelta(days=3))
        [mail] = await look(house)
        for written in (mail.text, mail.html or ""):
            assert "EVENHAND_SANDBOX_API_KEY" in written
            assert f"{house.url}/operations/connections/sandbox" in written
            assert house.environment["EVENHAND_SANDBOX_API_KEY"] not in written


async def test_every_administrator_is_told_and_nobody_else(sqlite_url: str, tmp_path: Path) -> None:
    """Not recruiters, not closed accounts; without an administrator the contact of evenhand.yaml."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        accounts, database = house.runtime.services.accounts, house.runtime.database
        for name, role in (("ada", Role.ADMIN), ("gone", Role.ADMIN), ("ruben", Role.RECRUITER)):
            await accounts.create(email=f"{name}@x.example", name=name, role=role, password="long enough for this")
        async with database.transaction() as tx:
            gone = sa.update(AccountRow).where(AccountRow.email == "gone@x.example")
            await tx.session.execute(gone.values(disabled_at=house.clock.now()))
        await told(house, house.clock.now() + timedelta(days=6))
        assert {mail.to for mail in await look(house)} == {REVIEWER.email, "ada@x.example"}
        async with database.transaction() as tx:
            await tx.session.execute(sa.update(AccountRow).values(disabled_at=house.clock.now()))
        await told(house, house.clock.now() + timedelta(days=5))
        assert (await look(house))[-1].to == house.runtime.configuration.company.contact_email


async def test_a_credential_that_nobody_uses_is_no_news(sqlite_url: str, tmp_path: Path) -> None:
    """Neither one that evenhand.yaml takes from the environment by now, nor one of a connection that is gone."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        now = house.clock.now()
        async with house.runtime.database.transaction() as tx:
            for connection in ("sandbox", "gone"):
                row = SecretRow(connection=connection, name="api_key", sealed="x.y", set_at=now, set_by="cli")
                row.ends_at = now + timedelta(days=1)
                await keep_secret(tx, row)
            await keep_end(tx, "gone", ends_at=now, at=now)
        assert await look(house) == []


async def test_a_stop_holds_it_and_what_is_mended_meanwhile_is_not_told(sqlite_url: str, tmp_path: Path) -> None:
    """A kill switch holds these mails as all others; afterwards only what is still true is sent."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        stopping, reach = house.runtime.services.stopping, Reach(StopScope.CONNECTION, "sandbox")
        await told(house, house.clock.now() + timedelta(days=6))
        await stopping.stop(reach, reason="Their admin asked us to.", actor="cli")
        assert await look(house) == []
        await told(house, house.clock.now() + timedelta(days=400))
        await stopping.resume(reach, reason="They are done.", actor="cli")
        await house.work()
        assert list(house.mails.deliveries) == []
        await told(house, house.clock.now() + timedelta(days=5))
        await stopping.stop(reach, reason="Once more.", actor="cli")
        assert await look(house) == []
        await stopping.resume(reach, reason="They are done.", actor="cli")
        await house.work()
        assert len(house.mails.deliveries) == 1


async def test_a_refusal_is_told_once_until_it_was_mended(database_url: str, tmp_path: Path) -> None:
    """Also where it pauses again and again; the next time that good credentials are refused is news."""
    async with running_house(database_url, tmp_path, subscribe=False) as house:

        async def refused() -> Sequence[Delivery]:
            async with house.runtime.database.transaction() as tx:
                await pause(tx, "sandbox", reason=REASON)
            return await look(house)

        async def renewed() -> None:
            async with house.runtime.database.transaction() as tx:
                row = await locked_token(tx, "sandbox")
                row.sealed, row.renewed_at = SECRET, house.clock.now()
                await resume(tx, "sandbox")

        await renewed()
        [mail] = await refused()
        assert mail.subject.endswith("does not let Evenhand in (sandbox)")
        assert "the vendor does not take the refresh token any more" in mail.text
        assert SECRET not in mail.text + (mail.html or "")
        with clock_moved(house, days=2):
            assert len(await refused()) == 1
            await renewed()
            assert len(await look(house)) == 1
            assert len(await refused()) == 2


async def test_an_ats_that_does_not_answer_is_no_refusal(sqlite_url: str, tmp_path: Path) -> None:
    """That passes by itself; the operations page says it."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        async with house.runtime.database.transaction() as tx:
            await pause(tx, "sandbox", reason="Unavailable: down", until=house.clock.now() + timedelta(hours=1))
            await tx.session.execute(sa.text("UPDATE work_pause SET failures = 9"))
        assert await look(house) == []


async def test_the_clock_asks_every_hour(sqlite_url: str, tmp_path: Path) -> None:
    """By work that the product's workers know."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        [tick] = [tick for tick in house.runtime.ticks if tick.name == "credentials"]
        assert (tick.seconds, type(tick.payload(house.clock.now()))) == (3600, WatchCredentials)
