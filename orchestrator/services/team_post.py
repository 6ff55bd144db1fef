"""Mail to the team: to each administrator, or to the contact of evenhand.yaml where there is none. Handed over once."""

import time
import uuid
from collections.abc import Sequence
from functools import partial

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.config.schema import Configuration
from orchestrator.db.repositories import credential_warnings as people
from orchestrator.db.session import Database
from orchestrator.mail.render import RenderedMail
from orchestrator.ports import Mail, Mailer
from orchestrator.services.exchange import HELD_FOR
from orchestrator.work.job import Job
from orchestrator.work.limits import keep_lease
from orchestrator.work.outcome import LeaseLost
from orchestrator.work.stops import refuse_if_stopped

CONTACT = "contact"
"""Who is told, in keys and in the audit log, where there is no administrator: the contact of evenhand.yaml."""


class Recipient(Struct, frozen=True):
    """Who is told: name and address. PII class: contact data of staff."""

    name: str
    email: str


class TeamPost:
    """Knows whom to write to, and hands mails over. ``base_url`` is where their links lead."""

    def __init__(
        self, *, database: Database, configuration: Configuration, mailer: Mailer, base_url: str, mail_domain: str
    ) -> None:
        self.employer = configuration.company.name
        self.base_url = base_url
        self._database = database
        self._company = configuration.company
        self._mailer = mailer
        self._domain = mail_domain

    @staticmethod
    async def everybody(session: AsyncSession) -> Sequence[uuid.UUID | None]:
        """The accounts of all administrators; where there are none, None for the contact."""
        return [one.id for one in await people.administrators(session)] or [None]

    async def recipient(self, session: AsyncSession, account_id: uuid.UUID | None) -> Recipient | None:
        """Name and address of an account, or None where it is no administrator's any more."""
        if account_id is None:
            return Recipient(self._company.contact_name, self._company.contact_email)
        found = await people.administrator(session, account_id)
        return Recipient(found.name, found.email) if found else None

    async def hand_over(
        self, key: str, to: Recipient, written: RenderedMail, job: Job, *, connection: str, program: str | None = None
    ) -> None:
        """Send a mail, unless it was sent: SMTP cannot say whether a message was taken before a crash, so we look first.

        ``key`` names the mail and who gets it.

        Raises:
            Stopped: somebody stopped everything, the connection or the program by hand; it waits.
            LeaseLost: the work was taken over or cancelled meanwhile.
        """
        mail = Mail(
            message_id=f"<{key}@{self._domain}>",
            to=to.email,
            to_name=to.name,
            subject=written.subject,
            text=written.text,
            html=written.html,
        )
        if await self._mailer.accepted(mail.message_id):
            return
        made_sure = time.monotonic()
        async with self._database.transaction() as tx:
            await refuse_if_stopped(tx.session, connection=connection, program=program)
            if not await keep_lease(tx, job.held, seconds=HELD_FOR):
                raise LeaseLost(f"{job.kind} {job.id} is no longer held by this worker")
        await self._mailer.send(mail, confirm=partial(job.hold_again, made_sure))


def account_key(account_id: uuid.UUID | None) -> str:
    """Who is told, in keys and in the audit log."""
    return CONTACT if account_id is None else account_id.hex
