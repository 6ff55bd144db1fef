"""The doctor's questions to an ATS: each takes its turn and stands in the sync log, as any other does."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import structs

from adapters.contract.errors import (
    AdapterError,
    AuthRejected,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    RateLimited,
    Transient,
)
from adapters.contract.inspection import Inspector
from adapters.contract.manifest import Capability
from orchestrator.db.models.writeback import Direction
from orchestrator.db.session import Database
from orchestrator.domain.doctor_facts import ConnectionFacts, Failure, Trouble
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, SyncLog
from orchestrator.work.limits import take_token
from orchestrator.work.outcome import TokenDenied

LOOK_SECONDS = 45.0
"""Seconds after which a look at an ATS is given up: somebody waits for the answer."""

T = TypeVar("T")


class Looking:
    """Looks at one connection after the other or at several at once; reads only."""

    def __init__(self, *, database: Database, clock: Clock, sync: SyncLog) -> None:
        self._database = database
        self._clock = clock
        self._sync = sync

    async def look(self, connection: AtsConnection, facts: ConnectionFacts) -> ConnectionFacts:
        """Ask the ATS what it is, then for stages and fields; after silence or rejected credentials, for nothing more."""
        adapter, able = connection.adapter, connection.adapter.manifest.capabilities
        if isinstance(adapter, Inspector):
            before = self._clock.now()
            inspection = await self._ask(connection, "inspect", "connection itself", adapter.inspect)
            facts = structs.replace(facts, inspection=inspection)
            if not isinstance(inspection, Failure):
                skew = _skew(inspection.server_time, before, self._clock.now())
                facts = structs.replace(facts, skew=skew)
        if Capability.STAGES in able and not _hopeless(facts):
            stages = await self._ask(connection, "list_stages", "stages", adapter.list_stages)
            facts = structs.replace(facts, stages=stages)
        if Capability.CUSTOM_FIELDS in able and not _hopeless(facts):
            fields = await self._ask(connection, "list_fields", "custom fields", adapter.list_fields)
            facts = structs.replace(facts, fields=fields)
        return facts

    async def _ask(
        self, connection: AtsConnection, operation: str, what: str, ask: Callable[[], Awaitable[T]]
    ) -> T | Failure:
        try:
            await take_token(self._database, connection.key)
            async with (
                asyncio.timeout(LOOK_SECONDS),
                self._sync.exchange(connection, Direction.PULL, operation, external_id=None),
            ):
                return await ask()
        except TokenDenied:
            return Failure(trouble=Trouble.NO_TURN, what=what)
        except TimeoutError:
            return Failure(trouble=Trouble.UNREACHABLE, what=what)
        except AdapterError as error:
            scope = error.scope if isinstance(error, PermissionMissing) else None
            return Failure(trouble=_trouble(error), what=what, scope=scope)


_TROUBLES: Sequence[tuple[type[AdapterError], Trouble]] = (
    (RateLimited, Trouble.RATE_LIMITED),
    (Transient, Trouble.UNREACHABLE),
    (OutcomeUnknown, Trouble.UNREACHABLE),
    (AuthRejected, Trouble.REJECTED),
    (PermissionMissing, Trouble.FORBIDDEN),
    (PayloadInvalid, Trouble.UNREADABLE),
)
_NO_MORE = frozenset({Trouble.UNREACHABLE, Trouble.REJECTED, Trouble.NO_TURN, Trouble.RATE_LIMITED})


def _trouble(error: AdapterError) -> Trouble:
    return next((trouble for kind, trouble in _TROUBLES if isinstance(error, kind)), Trouble.REFUSED)


def _hopeless(facts: ConnectionFacts) -> bool:
    return any(failure.trouble in _NO_MORE for failure in facts.failures)


def _skew(theirs: datetime | None, before: datetime, after: datetime) -> float | None:
    """Seconds that the other clock is ahead; how long the question took is given in their favour."""
    if theirs is None:
        return None
    if before <= theirs <= after:
        return 0.0
    return (theirs - (after if theirs > after else before)).total_seconds()
