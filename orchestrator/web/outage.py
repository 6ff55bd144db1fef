"""Which errors say that the database is away, full or in the way: nothing is wrong with the request, it may come again."""

import socket
import sqlite3
import time
from collections.abc import Callable

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import sqlalchemy as sa

# SQLSTATE classes and codes (PostgreSQL, appendix A): connection exceptions, insufficient resources, rollbacks that ask
# for another try, a server that shuts down or starts, a query that was cancelled, a lock that was not free, a server
# that only reads for now.
_PASSING = ("08", "53", "40", "57P", "57014", "55P03", "25006")
_DRIVER = (asyncpg.InterfaceError, asyncpg.InternalClientError, sqlite3.OperationalError)
_POOL_OR_LINE = (sa.exc.TimeoutError, sa.exc.OperationalError, sa.exc.InterfaceError)


def database_is_away(error: BaseException) -> bool:
    """Whether an error passes by itself when the database is back, or less busy."""
    if isinstance(error, sa.exc.DBAPIError) and error.orig is not None:
        away = error.connection_invalidated or isinstance(error, _POOL_OR_LINE) or database_is_away(error.orig)
    elif isinstance(error, OSError):
        # A file that is not there is a defect of ours; what a line or a name server does is not.
        away = type(error) is OSError or isinstance(error, ConnectionError | TimeoutError | socket.gaierror)
    else:
        state = getattr(error, "sqlstate", None) or ""
        away = state.startswith(_PASSING) or isinstance(error, (*_POOL_OR_LINE, *_DRIVER))
    return away


class Seldom:
    """Says yes at most once in so many seconds: an outage must not fill the disk with the same line."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._next = 0.0

    def now(self) -> bool:
        """Whether it is time again."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True
