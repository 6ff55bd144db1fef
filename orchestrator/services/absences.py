"""Applications that the ATS suddenly says are not there: nobody is dropped because of one answer.

A lost permission says "not found" at many vendors (one answers an empty list). So an open interview goes on, people are
told what to check, and we look again: soon at first, then about as long as it has been missing, at least once a day.
"""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from orchestrator.db.repositories import absences as rows
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.ports import Clock
from orchestrator.services.steps import SYSTEM
from orchestrator.work.lanes import lock_lanes, unfinished

SOONEST = timedelta(minutes=15)
LATEST = timedelta(days=1)
AT_ONCE = 100
"""Applications that are looked for in one round; a whole connection may be out of sight."""

NOT_SHOWN = "the ATS shows it no more; its interview goes on, and we look again"

Announce = Callable[[Transaction, str, str, datetime], Awaitable[None]]
"""Puts the reading of an application on the table: connection, external id, and what tells this look from others."""


class Absences:
    """Keeps who is out of sight in mind."""

    def __init__(self, *, database: Database, clock: Clock, lane: Callable[[str, str], str]) -> None:
        self._database = database
        self._clock = clock
        self._lane = lane

    async def note(self, tx: Transaction, connection: str, external_id: str) -> str | None:
        """The ATS has no such application: the outcome where it has an open interview, None where nobody is concerned."""
        now = self._clock.now()
        application_id = await rows.in_interview(tx.session, connection=connection, external_id=external_id)
        if application_id is None:
            return None
        known = await rows.since(tx.session, application_id)
        since = known or now
        wait = min(max(now - since, SOONEST), LATEST)
        await rows.note(
            tx.session, application_id=application_id, connection=connection, since=since, at=now, wait=wait
        )
        if known is None:
            tx.audit(_event(now, "missed", application_id))
        return NOT_SHOWN

    async def look_again(self, connection: str, announce: Announce) -> None:
        """Read those again whose turn it is, and forget those that were seen."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            # These rows before lanes: so has whoever notes an absence and settles the reading that showed it.
            due = await rows.due(tx.session, connection=connection, at=now, limit=AT_ONCE)
            lanes = {one.external_id: self._lane(connection, one.external_id) for one in due}
            await lock_lanes(tx, list(lanes.values()))
            busy = await unfinished(tx, list(lanes.values()))
            for one in due:
                # A reading that waits, or that was given up and waits for a person, will tell.
                if lanes[one.external_id] not in busy:
                    await announce(tx, connection, one.external_id, now)
            if due:
                await rows.put_off(tx.session, due, until=now + SOONEST)
            for application_id in await rows.clear(tx.session, connection=connection):
                tx.audit(_event(now, "missed-no-more", application_id))


def _event(at: datetime, verb: str, application_id: uuid.UUID) -> AuditEvent:
    return AuditEvent(at=at, actor=SYSTEM, tag=f"system:application:{verb}", subject=str(application_id))
