"""Administrators are told by mail of credentials that end or are refused: each of them once for each threshold.

A watch looks at what is stored, and plans a piece of work for each person and piece of news. Its key keeps it from being
planned twice; when finished work has been removed, the audit log still knows who was told.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.config.schema import Configuration
from orchestrator.db.repositories import credential_warnings as rows
from orchestrator.db.repositories import credentials
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.credential_warning import (
    Cause,
    CredentialWarning,
    Ending,
    Refusal,
    ending_warnings,
    refusal_warnings,
)
from orchestrator.mail.render import RenderedMail
from orchestrator.mail.team_mail import CredentialContext, CredentialPlace, TeamMailName, render_team_mail
from orchestrator.ports import Clock, Mail, Mailer
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.endings import Endings, still_used
from orchestrator.services.exchange import HELD_FOR
from orchestrator.services.kinds import InspectConnection, TellOfCredential, WatchCredentials
from orchestrator.services.review.overdue import Overdue
from orchestrator.services.steps import SYSTEM
from orchestrator.work.admin import pauses
from orchestrator.work.clock import Tick
from orchestrator.work.job import Handler, Job
from orchestrator.work.limits import keep_lease
from orchestrator.work.outcome import Done, LeaseLost, Outcome
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue
from orchestrator.work.stops import refuse_if_stopped

WATCH_SECONDS = 3600
CONTACT = "contact"
"""Who is told, in keys and in the audit log, where there is no administrator: the contact of evenhand.yaml."""


class Recipient(Struct, frozen=True):
    """Who is told: name and address. PII class: contact data of staff."""

    name: str
    email: str


class CredentialWarnings:
    """Plans and sends the mails."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        configuration: Configuration,
        connections: Connections,
        mailer: Mailer,
        base_url: str,
        mail_domain: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._configuration = configuration
        self._connections = connections
        self._mailer = mailer
        self._base_url = base_url
        self._domain = mail_domain

    async def watch(self, _payload: WatchCredentials, job: Job) -> Outcome | None:
        """Plan a mail for each piece of news and each administrator who does not have it yet."""
        async with self._database.reading() as session:
            news = await self._news(session)
            people: list[uuid.UUID | None] = [one.id for one in await rows.administrators(session)] if news else []
            due = [
                (warning, person)
                for warning in news
                for person in people or [None]
                if not await rows.was_told(session, subject=warning.subject, key=warning.key, account=_account(person))
            ]
        async with job.finish() as tx:
            for warning, person in due:
                await enqueue(
                    tx,
                    TellOfCredential(key=warning.key, account_id=person),
                    dedupe=f"tell:{warning.key}:{_account(person)}",
                    subject=f"credential:{warning.connection}",
                )
        return None

    async def tell(self, payload: TellOfCredential, job: Job) -> Outcome | None:
        """Send one mail, unless it is no longer true or was sent.

        SMTP cannot say whether a message was taken before a crash, so every attempt looks first, where it can.

        Raises:
            Stopped: somebody stopped everything or the connection by hand; it waits.
            LeaseLost: the work was taken over or cancelled meanwhile.
        """
        account = _account(payload.account_id)
        async with self._database.reading() as session:
            warning = next((one for one in await self._news(session) if one.key == payload.key), None)
            to = await self._recipient(session, payload.account_id)
            told = warning is None or await rows.was_told(
                session, subject=warning.subject, key=warning.key, account=account
            )
        if warning is None or to is None or told:
            return Done()
        mail = self._mail(warning, to, account)
        if not await self._mailer.accepted(mail.message_id):
            made_sure = time.monotonic()
            async with self._database.transaction() as tx:
                await refuse_if_stopped(tx.session, connection=warning.connection)
                if not await keep_lease(tx, job.held, seconds=HELD_FOR):
                    raise LeaseLost(f"{job.kind} {job.id} is no longer held by this worker")
            await self._mailer.send(mail, confirm=partial(job.hold_again, made_sure))
        async with job.finish() as tx:
            details: dict[str, object] = {
                "key": warning.key,
                "account": account,
                "cause": warning.cause.value,
                "days": warning.days,
            }
            tx.audit(
                AuditEvent(at=self._clock.now(), actor=SYSTEM, tag=rows.TOLD, subject=warning.subject, details=details)
            )
        return None

    async def _news(self, session: AsyncSession) -> tuple[CredentialWarning, ...]:
        """Everything there is to be told now, whoever knows it already."""
        known = {one.key: one for one in self._connections.all()}
        ends = [Ending(*one) for one in still_used(await credentials.ends(session), self._connections)]
        refusals: list[Refusal] = []
        for pause in await pauses(session):
            if pause.rate_key in known and pause.failures == 0:
                tokens = await credentials.token(session, pause.rate_key)
                good_at = tokens.renewed_at if tokens else None
                refusals.append(Refusal(pause.rate_key, pause.since, pause.reason, good_at))
        return (*ending_warnings(ends, now=self._clock.now()), *refusal_warnings(refusals))

    async def _recipient(self, session: AsyncSession, account_id: uuid.UUID | None) -> Recipient | None:
        if account_id is None:
            company = self._configuration.company
            return Recipient(company.contact_name, company.contact_email)
        found = await rows.administrator(session, account_id)
        return Recipient(found.name, found.email) if found else None

    def _mail(self, warning: CredentialWarning, to: Recipient, account: str) -> Mail:
        written = self._written(warning, to)
        return Mail(
            message_id=f"<{warning.key}.{warning.cause.value}.{account}@{self._domain}>",
            to=to.email,
            to_name=to.name,
            subject=written.subject,
            text=written.text,
            html=written.html,
        )

    def _written(self, warning: CredentialWarning, to: Recipient) -> RenderedMail:
        connection = self._connections.get(warning.connection)
        left = warning.at - self._clock.now()
        context = CredentialContext(
            employer=self._configuration.company.name,
            vendor=connection.adapter.manifest.title,
            connection=connection.key,
            link=f"{self._base_url}/operations/connections/{connection.key}",
            at=warning.at,
            first_name=to.name,
            name=warning.name or "",
            places=_places(connection, warning.name),
            # What has an end of its own is replaced also where the rest came of a consent.
            by_consent=connection.by_consent and warning.name is None,
            days=max(0, left.days),
            ended=left <= timedelta(),
            reason=warning.reason.removeprefix("AuthRejected: "),
        )
        name = TeamMailName.CREDENTIAL_ENDS if warning.cause is Cause.ENDS else TeamMailName.CREDENTIAL_REFUSED
        return render_team_mail(name, context)


def _places(connection: AtsConnection, name: str | None) -> tuple[CredentialPlace, ...]:
    return tuple(
        CredentialPlace(name=one, variable=source.env)
        for one, source in connection.settings.credentials.items()
        if name in {None, one}
    )


def _account(account_id: uuid.UUID | None) -> str:
    return CONTACT if account_id is None else account_id.hex


@dataclass(frozen=True, slots=True)
class CredentialWatch:
    """The handlers of its work, and what the clock asks for."""

    handlers: Mapping[type[Payload], Handler]
    ticks: Sequence[Tick]


def credential_watch(
    database: Database,
    clock: Clock,
    configuration: Configuration,
    connections: Connections,
    sync: SyncLog,
    mailer: Mailer,
    *,
    base_url: str,
    mail_domain: str,
) -> CredentialWatch:
    """Put together what asks when credentials end, what tells of it, and what tells of cases that wait too long."""
    warnings = CredentialWarnings(
        database=database,
        clock=clock,
        configuration=configuration,
        connections=connections,
        mailer=mailer,
        base_url=base_url,
        mail_domain=mail_domain,
    )
    endings = Endings(clock=clock, connections=connections, sync=sync)
    overdue = Overdue(
        database=database,
        clock=clock,
        configuration=configuration,
        mailer=mailer,
        base_url=base_url,
        mail_domain=mail_domain,
    )

    def watch(_slot: datetime) -> Payload:
        return WatchCredentials()

    return CredentialWatch(
        handlers={
            InspectConnection: endings.look,
            WatchCredentials: warnings.watch,
            TellOfCredential: warnings.tell,
            **overdue.handlers(),
        },
        ticks=(Tick(name="credentials", seconds=WATCH_SECONDS, payload=watch),),
    )
