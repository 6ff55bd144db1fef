"""The few expressions that SQLite and PostgreSQL spell differently, so that every statement is written once."""

from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

T = TypeVar("T")


def padded(values: Sequence[T]) -> list[T]:
    """The values, the last one repeated up to a power of two: for an IN, so that few statements do for any number."""
    missing = (1 << max(0, len(values) - 1).bit_length()) - len(values)
    return [*values, *(list(values[-1:]) * missing)]


class DatabaseNow(FunctionElement[float]):
    """The database's clock: seconds since the epoch, float. Processes may be skewed, leases and timers are not."""

    type = sa.Double()
    inherit_cache = True


class Least(FunctionElement[float]):
    """The smaller of two numbers."""

    type = sa.Double()
    inherit_cache = True


@compiles(DatabaseNow)
def _now_on_postgresql(_element: DatabaseNow, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST(EXTRACT(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)"


@compiles(DatabaseNow, "sqlite")
def _now_on_sqlite(_element: DatabaseNow, _compiler: SQLCompiler, **_options: Any) -> str:
    # unixepoch('subsec') needs SQLite 3.42; julianday is right to the millisecond on every version.
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(Least)
def _least_on_postgresql(element: Least, compiler: SQLCompiler, **options: Any) -> str:
    return f"least({compiler.process(element.clauses, **options)})"


@compiles(Least, "sqlite")
def _least_on_sqlite(element: Least, compiler: SQLCompiler, **options: Any) -> str:
    return f"min({compiler.process(element.clauses, **options)})"
