"""Whether the database is the one that this release was written for, and whether a worker does its work."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.db.models.worker import WorkerProcess
from orchestrator.db.revisions import revisions
from orchestrator.db.session import Database
from orchestrator.work.sql import DatabaseNow

STILL_ALIVE = 3
"""Leases without a sign of life after which a worker counts as dead."""

_VERSION = sa.table("alembic_version", sa.column("version_num"))


class Migrated:
    """Asks which migration ran last.

    A revision that this release does not know is a newer one: migrations survive the release before them, so a rolling
    deployment may migrate first and replace its processes afterwards.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known, self._newest = revisions()

    async def troubles(self) -> Sequence[str]:
        """What stands in the way of work, in words without secrets; empty means ready."""
        try:
            async with self._database.reading() as session:
                found = set((await session.execute(sa.select(_VERSION.c.version_num))).scalars())
        except (SQLAlchemyError, OSError) as error:
            return (f"the database cannot be used ({type(error).__name__})",)
        if not found or found & (self._known - self._newest):
            return ("the database is not migrated to this release (evenhand db upgrade)",)
        return ()


class Attended:
    """Asks when a worker was last seen: it notes that itself, a few times in each lease."""

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._lately = sa.select(WorkerProcess.name).where(
            WorkerProcess.name == worker,
            WorkerProcess.seen_at > DatabaseNow() - WorkerProcess.lease * STILL_ALIVE,
        )

    async def troubles(self) -> Sequence[str]:
        """What stands in the way of work, in words without secrets; empty means ready."""
        try:
            async with self._database.reading() as session:
                seen = (await session.execute(self._lately)).first() is not None
        except (SQLAlchemyError, OSError) as error:
            return (f"the database cannot be used ({type(error).__name__})",)
        return () if seen else ("the worker of this process does not work",)
