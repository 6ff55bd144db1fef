"""Credentials that end: asked of the ATS once a day where it tells, and said on the operations page in good time."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from adapters.contract.inspection import Inspector
from orchestrator.db.repositories import credentials as rows
from orchestrator.ports import Clock
from orchestrator.services.connections import Connections, SyncLog
from orchestrator.services.kinds import InspectConnection
from orchestrator.work.job import Job
from orchestrator.work.outcome import Done, Outcome

SOON, NOW = timedelta(days=14), timedelta(days=3)
"""From when on it is said, and from when on it is said that it presses."""

Ending = tuple[str, str | None, datetime]
"""Connection, name of the credential (None: the ATS speaks of all), and when it ends."""


class Endings:
    """Asks the ATSs when credentials end."""

    def __init__(self, *, clock: Clock, connections: Connections, sync: SyncLog) -> None:
        self._clock = clock
        self._connections = connections
        self._sync = sync

    async def look(self, payload: InspectConnection, job: Job) -> Outcome | None:
        """Ask one ATS, and keep what it says."""
        connection = self._connections.get(payload.connection)
        if not isinstance(connection.adapter, Inspector):
            return Done()
        async with self._sync.conversation(connection, None, job) as ats:
            async with ats.pull("inspect"):
                ends_at = (await connection.adapter.inspect()).expires_at
            async with ats.finish() as tx:
                await rows.keep_end(tx, connection.key, ends_at=ends_at, at=self._clock.now())
        return None


def still_used(ends: Sequence[Ending], connections: Connections) -> tuple[Ending, ...]:
    """Without what belongs to a connection, or to a stored credential, that evenhand.yaml does not name any more."""
    stored = {
        one.key: frozenset(name for name, source in one.settings.credentials.items() if source.stored)
        for one in connections.all()
    }
    return tuple((key, name, at) for key, name, at in ends if key in stored and (name is None or name in stored[key]))


def ending_troubles(ends: Sequence[Ending], *, now: datetime) -> Iterator[str]:
    """Sentences for the operations page, the most pressing first."""
    for connection, name, at in sorted(ends, key=lambda end: end[2]):
        what = f"the credential {name!r}" if name else "a credential"
        what = f"{what} of {connection}"
        mend = f"make a new one in the ATS and store it: evenhand credentials set {connection} {name or 'NAME'}"
        if at <= now:
            yield f"{what} ended on {at:%d %B %Y}; {mend}"
        elif at <= now + NOW:
            yield f"{what} ends on {at:%d %B %Y}, {_left(at - now)}: nothing goes to the ATS after that; {mend}"
        elif at <= now + SOON:
            yield f"{what} ends on {at:%d %B %Y}, {_left(at - now)}; plan a new one"


def _left(time: timedelta) -> str:
    days = time.days
    return "in less than a day" if not days else f"in {days} day{'' if days == 1 else 's'}"
