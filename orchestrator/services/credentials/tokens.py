"""OAuth tokens in the database: encrypted, shared by every process, renewed by one of them at a time.

A renewal is three steps, and no request is made inside a transaction: the turn is taken and committed; the vendor is
asked; what it gave is stored under the turn's fence. A process may die after any of them. Who takes the turn next sees
that a renewal began and its end was not kept. It tries the refresh token that is kept once more: many vendors allow
that for a while. Where the vendor refuses, the connection is paused and says what to do.
"""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256

import msgspec
import sqlalchemy as sa

from adapters.contract.errors import AuthRejected, Timeout, Unavailable
from adapters.contract.tokens import Tokens
from orchestrator.db.models.credential import TokenRow
from orchestrator.db.repositories import credentials as rows
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.errors import SettingsInvalid
from orchestrator.ports import Clock
from orchestrator.services.credentials.sealing import KeyRing
from orchestrator.services.credentials.vault import tokens_of
from orchestrator.services.kinds import WatchCredentials
from orchestrator.services.steps import SYSTEM
from orchestrator.work.limits import pause, resume
from orchestrator.work.queue import enqueue
from orchestrator.work.sql import DatabaseNow

LEASE = 45.0
"""Seconds that a turn may last before another process takes it: longer than the slowest answer that is waited for."""

SHARE = 0.7
"""Of the lease, for the request: the rest is for storing what came."""

PATIENCE = 60.0
"""Seconds to wait for somebody else's turn to end."""

_FIRST_LOOK, _LAST_LOOK = 0.02, 0.5
_OVERTAKEN = "another process renewed the tokens meanwhile"


def binding(*parts: str) -> str:
    """A hash of what tokens belong to (vendor, address, client): with another account, old tokens are not used."""
    return sha256("\n".join(parts).encode()).hexdigest()


class DatabaseTokens:
    """Where the tokens of one connection are (``adapters.contract.tokens.TokenStore``).

    ``consent``: they came of somebody's consent, so that lost ones cannot simply be asked for again.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ring: KeyRing,
        *,
        connection: str,
        bound: str,
        consent: bool = True,
        lease: float = LEASE,
        patience: float = PATIENCE,
    ) -> None:
        self._database, self._clock, self._ring = database, clock, ring
        self.connection, self._bound, self._consent = connection, bound, consent
        self._lease, self._patience = lease, patience
        self._lock = asyncio.Lock()

    async def read(self) -> Tokens | None:
        """What is kept now.

        Raises:
            AuthRejected: the key that it is encrypted with is missing; says what to do.
        """
        async with self._database.reading() as session:
            return self._opened(await rows.token(session, self.connection))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator["Turn"]:
        """Wait until nobody else renews, then renew.

        Raises:
            Unavailable: somebody else's turn lasted too long.
            Timeout: the vendor took longer than a turn may last.
            AuthRejected: the vendor refused, with what to do about it.
        """
        # Within a process one waits for another here, so that only one of them asks the database.
        async with self._lock:
            turn = await self._claim()
            settled = False
            try:
                async with asyncio.timeout(self._lease * SHARE):
                    yield turn
                settled = True
            except TimeoutError:
                raise Timeout("the token endpoint took too long") from None
            except AuthRejected:
                if turn.kept is not None and turn.kept.refresh:
                    raise await self._refused(turn) from None
                raise
            finally:
                await self._release(turn, settled=settled)

    async def connect(self, tx: Transaction, tokens: Tokens, *, actor: str) -> None:
        """Keep the tokens of a fresh consent, in the caller's transaction; a renewal under way is overruled.

        The connection goes on, if it waited.
        """
        row = await rows.locked_token(tx, self.connection)
        self._write(row, tokens)
        row.consented_at, row.turn, row.turn_until = self._clock.now(), None, None
        await resume(tx, self.connection)
        tx.audit(self._event("consented", actor=actor))

    async def keep(self, turn: "Turn", tokens: Tokens) -> None:
        """Keep what a renewal gave, unless something newer is kept already.

        A process that was frozen can come too late for its turn. Where nobody has renewed or consented since, what it
        got is all that there is: the refresh token that it used up is of no use to anybody else.
        """
        async with self._database.transaction() as tx:
            row = await rows.locked_token(tx, self.connection)
            if row.turn != turn.id:
                if row.renewed_at != turn.renewed_at:
                    raise Unavailable(_OVERTAKEN)
                # Whoever had the turn meanwhile may have been refused for it.
                await resume(tx, self.connection)
            self._write(row, tokens)
            tx.audit(self._event("renewed"))

    async def _claim(self) -> "Turn":
        deadline, wait = time.monotonic() + self._patience, _FIRST_LOOK
        while True:
            turn = await self._try_to_claim()
            if turn is not None:
                return turn
            if time.monotonic() > deadline:
                raise Unavailable("another process has been renewing the tokens of this connection for too long")
            await asyncio.sleep(wait * (1 + random.random()))  # noqa: S311 - jitter, no secret
            wait = min(wait * 2, _LAST_LOOK)

    async def _try_to_claim(self) -> "Turn | None":
        mine = str(uuid.uuid4())
        async with self._database.transaction() as tx:
            row = await rows.locked_token(tx, self.connection)
            now = (await tx.session.execute(sa.select(DatabaseNow()))).scalar_one()
            if row.turn is not None and row.turn_until is not None and row.turn_until > now:
                return None
            doubtful = row.unsettled
            row.turn, row.turn_until, row.unsettled = mine, now + self._lease, True
            return Turn(self, mine, self._opened(row), doubtful=doubtful, renewed_at=row.renewed_at)

    async def _release(self, turn: "Turn", *, settled: bool) -> None:
        """Let others have their turn. Whatever ended without an answer stays in doubt."""
        async with self._database.transaction() as tx:
            row = await rows.locked_token(tx, self.connection)
            if row.turn == turn.id:
                row.turn = row.turn_until = None
                if settled and not turn.renewed:
                    # Nothing was asked: what was in doubt before still is, and nothing more.
                    row.unsettled = turn.doubtful

    async def _refused(self, turn: "Turn") -> AuthRejected | Unavailable:
        """The vendor takes the refresh token no more: pause the connection, and say why and what to do.

        Unless it was used up by somebody whose tokens are kept meanwhile.
        """
        before = (
            "a renewal was begun and its end was never kept (a process died, or the vendor's answer got lost), and the "
            "vendor does not take the old refresh token again"
            if turn.doubtful
            else "the vendor does not take the refresh token any more (it ended, or access was withdrawn)"
        )
        error = AuthRejected(
            f"{before}: an administrator must connect it again, at /operations/connections/{self.connection}"
        )
        async with self._database.transaction() as tx:
            row = await rows.locked_token(tx, self.connection)
            if row.renewed_at != turn.renewed_at:
                return Unavailable(_OVERTAKEN)
            if row.turn == turn.id:
                row.unsettled = turn.doubtful
                await pause(tx, self.connection, reason=str(error))
                # Whoever can mend it is told now, and not when the clock asks the next time.
                await enqueue(tx, WatchCredentials(), dedupe=f"credentials:refused:{turn.id}")
                tx.audit(self._event("refused"))
        return error

    def _write(self, row: TokenRow, tokens: Tokens) -> None:
        row.sealed = self._ring.seal(msgspec.json.encode(tokens).decode(), about=tokens_of(self.connection))
        row.bound, row.unsettled = self._bound, False
        row.access_ends_at, row.renewed_at = tokens.expires_at, self._clock.now()

    def _opened(self, row: TokenRow | None) -> Tokens | None:
        if row is None or row.sealed is None or row.bound != self._bound:
            return None
        try:
            plain = self._ring.unseal(row.sealed, about=tokens_of(self.connection))
        except SettingsInvalid as error:
            if not self._consent:
                # Without a consent there is nothing to lose: others are asked for.
                return None
            # The connection waits, as for credentials that are refused: no work is given up for a key that can come back.
            raise AuthRejected(
                f"{error}: put it back, restart and run `evenhand connection resume {self.connection}`, or connect it "
                f"again at /operations/connections/{self.connection}"
            ) from None
        return msgspec.json.decode(plain, type=Tokens)

    def _event(self, verb: str, *, actor: str = SYSTEM) -> AuditEvent:
        source = "system" if actor == SYSTEM else "operations"
        return AuditEvent(at=self._clock.now(), actor=actor, tag=f"{source}:tokens:{verb}", subject=self.connection)


class Turn:
    """The right to renew (``adapters.contract.tokens.TokenTurn``). ``doubtful``: the renewal before has no known end."""

    def __init__(
        self, store: DatabaseTokens, id_: str, kept: Tokens | None, *, doubtful: bool, renewed_at: datetime | None
    ) -> None:
        self.id, self.kept, self.doubtful, self.renewed_at = id_, kept, doubtful, renewed_at
        self.renewed = False
        self._store = store

    async def read(self) -> Tokens | None:
        """What is kept now."""
        return self.kept

    async def keep(self, tokens: Tokens) -> None:
        """Keep new tokens; raises Unavailable where another process has kept newer ones."""
        await self._store.keep(self, tokens)
        self.renewed = True
        self.kept = tokens
