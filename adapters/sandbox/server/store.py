"""The sandbox's own SQLite file: one connection, one writer, used from one event loop."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from adapters.sandbox.server.errors import not_found
from adapters.sandbox.server.faults import FaultBox
from adapters.sandbox.server.records import FieldValue

Row = sqlite3.Row
LONGEST_NUMBER = 15  # digits; fits SQLite's integers


def utc_now() -> datetime:
    """Read the wall clock."""
    return datetime.now(UTC)


class Store:
    """Everything the sandbox remembers, plus its fault switches.

    ``path`` is a file or ``:memory:``. ``wake`` is called after a commit that queued webhook deliveries.
    """

    def __init__(self, path: Path | str, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(files("adapters.sandbox.server").joinpath("schema.sql").read_text("utf-8"))
        self._clock = clock
        self.faults = FaultBox()
        self.wake: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        """Read the store's clock (UTC)."""
        return self._clock()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside, or nothing. A transaction inside a transaction joins it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        self.wake()

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Run a query."""
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> Row | None:
        """Run a query for at most one row."""
        found: Row | None = self._db.execute(sql, values).fetchone()
        return found

    def write(self, sql: str, *values: object) -> int:
        """Run a statement; the id of the inserted row, if it was an insert."""
        return self._db.execute(sql, values).lastrowid or 0


def text_id(prefix: str, number: int) -> str:
    """Write a row number as a public id, such as ``app_000012``; ids of one kind sort by age."""
    return f"{prefix}_{number:06d}"


def row_number(prefix: str, text: str, *, what: str) -> int:
    """Read a public id.

    Raises:
        Problem: 404, the text is no id of this kind.
    """
    digits = text.removeprefix(f"{prefix}_")
    if not digits.isascii() or not digits.isdigit() or len(digits) > LONGEST_NUMBER:
        raise not_found(what)
    number = int(digits)
    if text_id(prefix, number) != text:
        # One record has one id: app_1 is not another name of app_000001.
        raise not_found(what)
    return number


def stamp(moment: datetime) -> str:
    """Write a moment so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """Read what :func:`stamp` wrote."""
    return datetime.fromisoformat(text)


def json_list(text: str) -> list[str]:
    """Read a JSON list of strings from a column."""
    return [str(item) for item in json.loads(text)]


def json_value(text: str | None) -> FieldValue:
    """Read a JSON scalar from a column; SQL NULL is None."""
    if text is None:
        return None
    value: FieldValue = json.loads(text)
    return value


def to_json(value: object) -> str:
    """Write a JSON column."""
    return json.dumps(value, ensure_ascii=False)
