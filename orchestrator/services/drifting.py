"""Drift: what polling found alone is counted before each poll, from what is stored anyway; the way in is no slower."""

import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from adapters.contract.manifest import Capability
from orchestrator.db.repositories import drift as rows
from orchestrator.db.session import Database
from orchestrator.domain.drift import GRACE, KEPT, Found, by_day
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection

PORTION = 500
"""Moves that are judged at once; what is left is for the next poll."""

FIRST_LOOK = timedelta(days=1)
"""How far back the first judgement of a connection looks."""

NEWS = "it says that something changed, so the ATS is polled"
"""The outcome of a delivery that names nobody and has a poll made."""


class Drifting:
    """Counts drift."""

    def __init__(self, *, database: Database, clock: Clock, lane: Callable[[str, str], str]) -> None:
        self._database = database
        self._clock = clock
        self._lane = lane

    async def judge(self, connection: AtsConnection) -> None:
        """Count the moves since the last time, less those of which a delivery may still be under way."""
        if Capability.WEBHOOKS not in connection.adapter.manifest.capabilities or not connection.webhook_secrets:
            return
        now = self._clock.now()
        before = rows.moment_as_id(now - GRACE)
        async with self._database.reading() as session:
            known = await rows.judged(session, connection.key)
            after = known or rows.moment_as_id(now - FIRST_LOOK)
            if after >= before:
                return
            seen = await rows.candidates(session, connection=connection.key, after=after, before=before, limit=PORTION)
            lanes = {one.entry_id: self._lane(connection.key, one.external_id) for one in seen}
            told: defaultdict[str | None, list[datetime]] = defaultdict(list)
            if seen:
                since = min(one.seen_at for one in seen) - GRACE
                until = max(one.seen_at for one in seen) + GRACE
                for one in await rows.tellings(
                    session,
                    connection=connection.key,
                    lanes=list(lanes.values()),
                    news=NEWS,
                    since=since,
                    until=until,
                ):
                    told[one.lane].append(one.at)
        missed = [
            Found(seen_at=one.seen_at, entered_at=one.entered_at)
            for one in seen
            if not any(abs(at - one.seen_at) <= GRACE for at in (*told[lanes[one.entry_id]], *told[None]))
        ]
        # Where a portion was full, on from behind its last entry.
        upto = uuid.UUID(int=seen[-1].entry_id.int + 1) if len(seen) == PORTION else before
        async with self._database.transaction() as tx:
            if await rows.judged(tx.session, connection.key, lock=True) != known:
                # Another poll of the same connection was faster, and has counted them.
                return
            await rows.add(tx.session, connection=connection.key, today=now.date(), days=by_day(missed), judged=upto)
            await rows.forget(tx.session, before=(now - KEPT).date())
