"""What an ATS says is left of its limit, taken to the bucket that the whole fleet draws from."""

import time

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.allowance import Allowance
from orchestrator.db.session import Transaction
from orchestrator.work.limits import level
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import rate_bucket

SHORT = 1.0
"""Seconds for which a word about what is left counts where the ATS does not say for how long it holds."""

LONGEST = 300.0
"""Seconds that a bucket is kept empty at most after a refusal; then the ATS is asked again, and will say."""

MENTIONED = 30.0
"""The same where the ATS only mentions that nothing is left: it may mean one kind of request, and will refuse if not."""

LONG = 20.0
"""Seconds that a connection's next turn is away, over what those who wait in line take up, before a person is told."""

_IN_LINE = 3
"""Turns that are taken together at most."""

FEW = 3
"""Requests left below which the others are told at once, in a transaction of its own if need be."""


class Heard(Struct, frozen=True):
    """What an answer says, and when it came (of ``time.monotonic``)."""

    at: float
    allowance: Allowance


class Allowances:
    """What each connection was told last, until a transaction that took it along is committed."""

    def __init__(self) -> None:
        self._heard: dict[str, Heard] = {}

    def hear(self, connection: str, allowance: Allowance) -> None:
        """Keep what the newest answer says."""
        self._heard[connection] = Heard(time.monotonic(), allowance)

    def pressing(self, connection: str) -> bool:
        """Whether so little is left that the others must not wait to hear of it."""
        return connection in self._heard and self._heard[connection].allowance.left < FEW

    async def feed(self, tx: Transaction, connection: str, *, promised: int = 0) -> Heard | None:
        """Lower the bucket to what is left after ``promised`` turns that have not been used yet.

        The bucket stays locked until ``tx`` ends, so this comes last in it, as taking a turn does. Returns what is
        ``taken`` along, once ``tx`` is committed.
        """
        heard = self._heard.get(connection)
        if heard is None:
            return None
        allowance = heard.allowance
        most = LONGEST if allowance.refused else MENTIONED
        holds = SHORT if allowance.seconds is None else min(allowance.seconds, most)
        rest = holds - (time.monotonic() - heard.at)
        if rest > 0:
            left = max(0, allowance.left - promised)
            await lower(tx, connection, left=left, seconds=rest, refused=allowance.refused)
        return heard

    def taken(self, connection: str, heard: Heard | None) -> None:
        """Forget what a committed transaction took along, unless something newer was heard meanwhile."""
        if heard is not None and self._heard.get(connection) is heard:
            del self._heard[connection]


async def lower(tx: Transaction, key: str, *, left: int, seconds: float, refused: bool = False) -> None:
    """Let a bucket hold no more tokens than are ``left``; where none is, none comes before ``seconds`` have passed.

    What was emptied by a mere mention opens again, for one request at first, where more than none is ``left``.
    """
    if left:
        most: sa.ColumnElement[float] = sa.literal(float(left))
        meant = sa.or_(level() > most, rate_bucket.c.closed_until > DatabaseNow())
        tokens: sa.ColumnElement[float] = sa.case((level() > most, most), (level() < 1, 1.0), else_=level())
        closed_until = None
    else:
        tokens = 1 - rate_bucket.c.rate * seconds
        meant = level() > tokens
        closed_until = None if refused else DatabaseNow() + seconds
    statement = sa.update(rate_bucket).where(rate_bucket.c.key == key, meant)
    await tx.session.execute(statement.values(tokens=tokens, at=DatabaseNow(), closed_until=closed_until))


async def closed(session: AsyncSession) -> dict[str, float]:
    """Connections that wait long because the ATS wants fewer requests, with the seconds until their next turn."""
    wait = (1 - level()) / rate_bucket.c.rate
    in_line = LONG + _IN_LINE / rate_bucket.c.rate
    statement = sa.select(rate_bucket.c.key, wait.label("seconds")).where(wait > in_line).order_by(rate_bucket.c.key)
    return {row.key: row.seconds for row in await session.execute(statement)}
