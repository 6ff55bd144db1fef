"""Connecting an ATS by consent in the browser (OAuth authorization code), and the page of a connection.

The question is bound to the session that asked: its state is stored as a hash with the hash of the session, good once
and for ten minutes. The code is exchanged at once, for it lives about a minute.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from adapters.contract.errors import AdapterError
from adapters.kit.oauth import ConsentFlow
from orchestrator.db.models.credential import ConsentRequestRow
from orchestrator.db.repositories import credentials as rows
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.errors import InputInvalid, Stale
from orchestrator.ports import Clock
from orchestrator.services.connections import Connections
from orchestrator.services.credentials.sealing import KeyRing
from orchestrator.services.credentials.tokens import DatabaseTokens
from orchestrator.services.links import token_hash
from orchestrator.services.views import Account, ConnectionView, ConsentView, CredentialItem
from orchestrator.work.admin import pauses

PATIENCE = timedelta(minutes=10)
"""How long an administrator may take at the vendor."""

_STRANGE = "This answer does not belong to a question that you asked in the last ten minutes. Please begin again."


class ConsentWay(Struct, frozen=True):
    """How one connection is consented to, and where its tokens are kept (None without a key to encrypt them)."""

    flow: ConsentFlow
    tokens: DatabaseTokens | None


class Consenting:
    """Asks administrators for consent and keeps what comes of it."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        connections: Connections,
        ring: KeyRing,
        ways: Mapping[str, ConsentWay],
    ) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._ring = ring
        self._ways = ways

    async def page(self, connection: str) -> ConnectionView:
        """What the page of a connection shows; raises Missing."""
        found = self._connections.get(connection)
        async with self._database.reading() as session:
            stored = {row.name: row for row in await rows.secrets(session) if row.connection == connection}
            token = await rows.token(session, connection)
            told = [end for end in await rows.ends(session) if end[0] == connection]
            paused = [one for one in await pauses(session) if one.rate_key == connection]
        # What is stored and not used any more ends unnoticed.
        sources = found.settings.credentials
        ends = [end for end in told if end[1] is None or (end[1] in sources and sources[end[1]].stored)]
        way = self._ways.get(connection)
        consent = None
        if way is not None:
            consent = ConsentView(
                possible=way.tokens is not None,
                scopes=way.flow.consent.scopes,
                return_address=way.flow.redirect_uri,
                consented_at=token.consented_at if token else None,
                access_ends_at=token.access_ends_at if token else None,
            )
        return ConnectionView(
            connection=connection,
            vendor=found.adapter.manifest.title,
            address=found.settings.base_url,
            credentials=tuple(
                CredentialItem(
                    name=name,
                    variable=source.env,
                    set_at=stored[name].set_at if source.stored and name in stored else None,
                )
                for name, source in found.settings.credentials.items()
            ),
            ends=tuple((name or "", at) for _, name, at in ends),
            waits=next((one.reason for one in paused), None),
            consent=consent,
        )

    async def begin(self, connection: str, *, actor: Account, session_token: str) -> str:
        """Ask for consent; the address at the vendor to go to.

        Raises:
            Missing: there is no such connection.
            InputInvalid: it needs no consent, or nothing can be kept without a key.
        """
        way, _ = self._way(connection)
        state, verifier, now = secrets.token_urlsafe(32), secrets.token_urlsafe(48), self._clock.now()
        question = ConsentRequestRow(
            state_hash=token_hash(state),
            connection=connection,
            session_hash=token_hash(session_token),
            account_id=actor.id,
            sealed=self._ring.seal(verifier, about=_verifier_of(state)),
            created_at=now,
            expires_at=now + PATIENCE,
        )
        async with self._database.transaction() as tx:
            tx.session.add(question)
            tx.audit(_event(now, actor, "asked", connection))
        return way.flow.address(state=state, verifier=verifier)

    async def complete(self, connection: str, *, state: str, code: str, actor: Account, session_token: str) -> None:
        """Exchange the code of the vendor's answer and keep the tokens; a connection that waited goes on.

        Raises:
            Missing: there is no such connection.
            Stale: nobody asked this in this session, or too long ago, or it was answered before.
            InputInvalid: the vendor gave no code, or did not take it.
        """
        way, tokens = self._way(connection)
        async with self._database.transaction() as tx:
            question = await rows.take_question(
                tx.session,
                state_hash=token_hash(state),
                connection=connection,
                session_hash=token_hash(session_token),
            )
        if question is None or question.expires_at <= self._clock.now():
            raise Stale(_STRANGE)
        if not code:
            await self._note(actor, "declined", connection)
            raise InputInvalid(f"{connection} was not connected: the consent was not given. Nothing was changed.")
        verifier = self._ring.unseal(question.sealed, about=_verifier_of(state))
        try:
            given = await way.flow.exchange(code, verifier=verifier)
        except AdapterError as error:
            await self._note(actor, "failed", connection)
            raise InputInvalid(f"{connection} was not connected: {error}. Please begin again.") from None
        async with self._database.transaction() as tx:
            await tokens.connect(tx, given, actor=f"account:{actor.id}")

    async def _note(self, actor: Account, verb: str, connection: str) -> None:
        async with self._database.transaction() as tx:
            tx.audit(_event(self._clock.now(), actor, verb, connection))

    def _way(self, connection: str) -> tuple[ConsentWay, DatabaseTokens]:
        self._connections.get(connection)
        way = self._ways.get(connection)
        if way is None:
            raise InputInvalid(f"{connection} needs no consent: its credentials are enough.")
        if way.tokens is None:
            raise InputInvalid("Set EVENHAND_CREDENTIAL_KEYS first: without a key nothing can be kept safely.")
        return way, way.tokens


def _verifier_of(state: str) -> str:
    return f"the verifier of {token_hash(state)}"


def _event(at: datetime, actor: Account, verb: str, connection: str) -> AuditEvent:
    return AuditEvent(
        at=at, actor=f"account:{actor.id}", tag=f"operations:consent:{verb}", subject=connection, details={}
    )
