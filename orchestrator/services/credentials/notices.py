"""Administrators are told by mail of credentials that end or are refused: each of them once for each threshold.

A watch looks at what is stored, and plans a piece of work for each person and piece of news. Its key keeps it from being
planned twice; when finished work has been removed, the audit log still knows who was told.
"""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

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
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, Connections
from orchestrator.services.endings import still_used
from orchestrator.services.kinds import TellOfCredential, WatchCredentials
from orchestrator.services.steps import SYSTEM
from orchestrator.services.team_post import Recipient, TeamPost, account_key
from orchestrator.work.admin import pauses
from orchestrator.work.job import Job
from orchestrator.work.outcome import Done, Outcome
from orchestrator.work.queue import enqueue

WATCH_SECONDS = 3600


class CredentialWarnings:
    """Plans and sends the mails."""

    def __init__(self, *, database: Database, clock: Clock, connections: Connections, post: TeamPost) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._post = post

    async def watch(self, _payload: WatchCredentials, job: Job) -> Outcome | None:
        """Plan a mail for each piece of news and each administrator who does not have it yet."""
        async with self._database.reading() as session:
            news = await self._news(session)
            people = await self._post.everybody(session) if news else ()
            due = [
                (warning, person)
                for warning in news
                for person in people
                if not await rows.was_told(
                    session, subject=warning.subject, key=warning.key, account=account_key(person)
                )
            ]
        async with job.finish() as tx:
            for warning, person in due:
                await enqueue(
                    tx,
                    TellOfCredential(key=warning.key, account_id=person),
                    dedupe=f"tell:{warning.key}:{account_key(person)}",
                    subject=f"credential:{warning.connection}",
                )
        return None

    async def tell(self, payload: TellOfCredential, job: Job) -> Outcome | None:
        """Send one mail, unless it is no longer true or was sent.

        Raises:
            Stopped: somebody stopped everything or the connection by hand; it waits.
            LeaseLost: the work was taken over or cancelled meanwhile.
        """
        account = account_key(payload.account_id)
        async with self._database.reading() as session:
            warning = next((one for one in await self._news(session) if one.key == payload.key), None)
            to = await self._post.recipient(session, payload.account_id)
            told = warning is None or await rows.was_told(
                session, subject=warning.subject, key=warning.key, account=account
            )
        if warning is None or to is None or told:
            return Done()
        key = f"{warning.key}.{warning.cause.value}.{account}"
        await self._post.hand_over(key, to, self._written(warning, to), job, connection=warning.connection)
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

    def _written(self, warning: CredentialWarning, to: Recipient) -> RenderedMail:
        connection = self._connections.get(warning.connection)
        left = warning.at - self._clock.now()
        context = CredentialContext(
            employer=self._post.employer,
            vendor=connection.adapter.manifest.title,
            connection=connection.key,
            link=f"{self._post.base_url}/operations/connections/{connection.key}",
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
