"""Mail that is handed over by a worker that slept through its lease."""

import time
from pathlib import Path

import pytest
from typing_extensions import override

from orchestrator.mail.smtp import Security, SmtpMailer
from orchestrator.ports import Confirm, Mail
from orchestrator.services.kinds import SendMail
from orchestrator.services.links import LinkMaker
from orchestrator.services.mailing import Mailing
from orchestrator.work import job as attempts
from orchestrator.work.worker import Worker
from tests.fixtures.house import House, running_house
from tests.fixtures.timers import advance
from tests.integration.services.rows import count

LEASE = 30.0


class Watch:
    """The monotonic time of a process that can be frozen."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        """Seconds, those of the frost included."""
        return time.monotonic() + self.ahead


class Frozen(SmtpMailer):
    """A mail server's client that is frozen on its way there, until its lease is over and another has sent the mail."""

    def __init__(self, house: House, watch: Watch, *, wakes_first: bool) -> None:
        super().__init__(
            "127.0.0.1",
            house.ports.smtp,
            sender_name="Acme",
            sender_address="jobs@acme.example",
            security=Security.NONE,
        )
        self._house = house
        self._watch = watch
        self._wakes_first = wakes_first

    @override
    async def send(self, mail: Mail, *, confirm: Confirm | None = None) -> None:
        self._watch.ahead += LEASE + 1
        if not self._wakes_first:
            await advance(self._house.runtime.database, LEASE + 1)
            other = self._house.runtime.worker(name="other")
            await other.keep_leases()
            await other.run_until_idle()
            assert len(self._house.mails.deliveries) == 1
        await super().send(mail, confirm=confirm)


async def invited_by_the_frozen(house: House, watch: Watch, *, wakes_first: bool) -> None:
    """Bring an application to the trigger stage where whoever mails is frozen meanwhile."""
    runtime = house.runtime
    mailing = Mailing(
        database=runtime.database,
        clock=house.clock,
        mailer=Frozen(house, watch, wakes_first=wakes_first),
        configuration=runtime.configuration,
        links=LinkMaker(base_url=house.url, secret_key=runtime.settings.secret_key),
        mail_domain="acme.example",
    )
    frozen = Worker(runtime.database, {SendMail: mailing.send}, name="frozen", lease=LEASE, concurrency=1)
    kinds = sorted(kind.kind for kind in runtime.handlers if kind is not SendMail)
    others = runtime.worker(name="others", kinds=kinds)
    await house.sandbox.move(house.sandbox.pilot.application_ids[0], "First Interview")

    async def waiting() -> bool | None:
        await others.run_until_idle()
        found = await count(runtime.database, "SELECT count(*) FROM work WHERE kind = :kind", kind=SendMail.kind)
        return True if found else None

    await house.until("an invitation that is to be sent", waiting, work=False)
    await frozen.run_until_idle()


@pytest.mark.parametrize("wakes_first", [True, False], ids=["in time", "too late"])
async def test_who_slept_through_the_lease_sends_no_second_mail(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, wakes_first: bool
) -> None:
    """One mail, whether the frozen worker wakes before its lease ends or after another has sent it (N4)."""
    watch = Watch()
    monkeypatch.setattr(attempts, "time", watch)
    async with running_house(sqlite_url, tmp_path) as house:
        await invited_by_the_frozen(house, watch, wakes_first=wakes_first)
        assert len(house.mails.deliveries) == 1
        sent = "SELECT count(*) FROM audit_event WHERE tag = 'system:mail:sent'"
        assert await count(house.runtime.database, sent) == 1
