"""Kill switches: everything, one connection or one program sends nothing, loses nothing, and goes on in order."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from orchestrator.config.schema import Configuration
from orchestrator.db.models.stop import StopRow, StopScope
from orchestrator.db.repositories import stops as rows
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import Expire, InterviewState, allowed
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.ports import Clock
from orchestrator.services.views import StopItem
from orchestrator.work.claim import EVERYTHING
from orchestrator.work.stops import let_go, postpone

EXPIRING = frozenset(state for state in InterviewState if allowed(state, Expire()))
_NO_REASON = "Say why in a few words; it is kept in the audit log."


class Reach(Struct, frozen=True):
    """How far a stop reaches: everything, or the connection or program of a key."""

    scope: StopScope
    name: str = ""

    def words(self) -> str:
        """For people."""
        return "everything" if self.scope is StopScope.EVERYTHING else f"{self.scope.value} {self.name}"


class Stopping:
    """Stops and lets go, each with who and why in the audit chain."""

    def __init__(self, *, database: Database, clock: Clock, configuration: Configuration) -> None:
        self._database = database
        self._clock = clock
        self._configuration = configuration

    def reaches(self) -> tuple[Reach, ...]:
        """What can be stopped: everything, then each connection and each program of evenhand.yaml."""
        return (
            Reach(StopScope.EVERYTHING),
            *(Reach(StopScope.CONNECTION, one.key) for one in self._configuration.connections),
            *(Reach(StopScope.PROGRAM, one.key) for one in self._configuration.programs),
        )

    async def listed(self) -> tuple[StopItem, ...]:
        """What is stopped now, the oldest first."""
        async with self._database.reading() as session:
            return tuple(stop_item(row) for row in await rows.listed(session))

    async def stop(self, reach: Reach, *, reason: str, actor: str) -> None:
        """From now on nothing of this scope is sent to candidates or to an ATS. What is under way this moment ends.

        Raises:
            InputInvalid: no reason was given.
            Missing: evenhand.yaml has no such connection or program.
            Stale: it is stopped already.
        """
        if reach not in self.reaches():
            raise Missing(f"There is no {reach.words()} in evenhand.yaml.")
        said, now = _reason(reason), self._clock.now()
        async with self._database.transaction() as tx:
            if not await rows.add(tx, reach.scope, reach.name, reason=said, actor=actor, since=now):
                raise Stale(f"{_first(reach.words())} is stopped already.")
            tx.audit(_event(now, actor, "stopped", reach, {"reason": said}))

    async def resume(self, reach: Reach, *, reason: str, actor: str) -> None:
        """Everything of this scope that waited goes on, in its order; candidates get the time back that they lost.

        Raises:
            InputInvalid: no reason was given.
            Missing: it is not stopped.
        """
        said, now = _reason(reason), self._clock.now()
        async with self._database.transaction() as tx:
            row = await rows.take_away(tx.session, reach.scope, reach.name)
            if row is None:
                raise Missing(f"{_first(reach.words())} is not stopped.")
            longer = await _give_time_back(tx, row, now=now)
            await let_go(tx)
            details = {"reason": said, "seconds": round((now - row.since).total_seconds()), "extended": longer}
            tx.audit(_event(now, actor, "resumed", reach, details))


def reach_of(text: str) -> Reach:
    """Read ``everything``, ``connection:KEY`` or ``program:KEY``; raises InputInvalid."""
    scope, _, name = text.partition(":")
    if scope not in set(StopScope) or bool(name) == (scope == StopScope.EVERYTHING):
        raise InputInvalid("Choose what to stop.", fields={"reach": "Choose what to stop."})
    return Reach(StopScope(scope), name)


def stop_item(row: StopRow) -> StopItem:
    """A stop for the pages."""
    return StopItem(scope=row.scope.value, name=row.name, reason=row.reason, since=row.since)


def stopped_keys(stops: Sequence[StopRow]) -> frozenset[str]:
    """The connections whose work waits for a stop; ``*`` where everything does."""
    whole = {StopScope.EVERYTHING: EVERYTHING}
    return frozenset(whole.get(row.scope, row.name) for row in stops if row.scope is not StopScope.PROGRAM)


def stop_troubles(stops: Sequence[StopRow]) -> tuple[str, ...]:
    """Sentences for the operations page: nobody forgets a stop."""
    return tuple(
        f"{Reach(row.scope, row.name).words()} is stopped: {row.reason}. Nothing is sent, nothing is lost"
        for row in stops
    )


async def _give_time_back(tx: Transaction, stop: StopRow, *, now: datetime) -> int:
    """Links live longer by as long as the stop held their mails; returns how many.

    Time that another stop holds too is given back when that one ends, and once.
    """
    interviews = await rows.waiting_interviews(tx.session, stop.scope, stop.name, states=EXPIRING)
    until: dict[uuid.UUID, datetime] = {}
    for other in await rows.listed(tx.session):
        for held in await rows.waiting_interviews(tx.session, other.scope, other.name, states=EXPIRING, lock=False):
            until[held.id] = min(other.since, until.get(held.id, now))
    timers: dict[str, datetime] = {}
    for interview in interviews:
        lost = until.get(interview.id, now) - max(stop.since, interview.created_at)
        if lost > timedelta():
            interview.expires_at += lost
            timers[f"expire:{interview.id}:{interview.round}"] = interview.expires_at
    await tx.session.flush()
    await postpone(tx, timers)
    return len(timers)


def _first(words: str) -> str:
    """With a capital letter; a key stays as it is written."""
    return words[:1].upper() + words[1:]


def _reason(text: str) -> str:
    if not text.strip():
        raise InputInvalid(_NO_REASON, fields={"reason": _NO_REASON})
    return text.strip()


def _event(at: datetime, actor: str, verb: str, reach: Reach, details: dict[str, object]) -> AuditEvent:
    subject = f"{reach.scope.value}:{reach.name}" if reach.name else reach.scope.value
    return AuditEvent(at=at, actor=actor, tag=f"operations:sending:{verb}", subject=subject, details=details)
