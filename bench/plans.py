"""What the database does for each statement of the main path: the statements as they were sent, explained again."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import sqlalchemy as sa

from bench.machine import ROOT
from orchestrator.db.session import Database

PAGE = ROOT / "build" / "bench-scale-plans.txt"
DATA = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A statement, its plan as text, and the tables that it walks over from end to end."""

    statement: str
    text: str
    scanned: frozenset[str]


class Undone(Exception):
    """Raised to roll an explained change back."""


@asynccontextmanager
async def statements_of(*databases: Database) -> AsyncIterator[dict[str, Any]]:
    """Every different statement that SQLAlchemy sends while the block lasts, with the parameters of its last time."""
    seen: dict[str, Any] = {}

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: Any) -> None:
        if statement.lstrip().upper().startswith(DATA):
            seen[statement] = parameters[0] if many and isinstance(parameters, list) else parameters

    engines = [database.engine.sync_engine for database in databases]
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", keep)
    try:
        yield seen
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", keep)


async def explained(database: Database, statements: Mapping[str, Any]) -> Sequence[Plan]:
    """The plan of each statement; queries are run for it, changes only planned. All plans go to a file under build/."""
    plans = []
    for statement, parameters in statements.items():
        reads = statement.lstrip().upper().startswith("SELECT")
        how = "ANALYZE, BUFFERS, FORMAT JSON" if reads else "FORMAT JSON"
        try:
            async with database.engine.begin() as connection:
                answer = await connection.exec_driver_sql(f"EXPLAIN ({how}) {statement}", parameters)
                found = answer.scalar_one()
                raise Undone  # noqa: TRY301 - an explained query with locks must not keep them
        except Undone:
            top = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        scanned: set[str] = set()
        lines = list(_lines(top, 0, scanned))
        plans.append(Plan(statement=statement, text="\n".join(lines), scanned=frozenset(scanned)))
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n\n".join(f"{plan.statement}\n{plan.text}" for plan in plans) + "\n", "utf-8")
    return plans


def _lines(node: Mapping[str, Any], depth: int, scanned: set[str]) -> "list[str]":
    name = node["Node Type"]
    if name == "Seq Scan":
        scanned.add(node["Relation Name"])
    where = node.get("Index Name") or node.get("Relation Name") or ""
    cost = f"{node['Total Cost']:.1f}"
    real = f", {node['Actual Rows']} rows in {node['Actual Total Time']:.3f} ms" if "Actual Rows" in node else ""
    blocks = (
        f", {node['Shared Hit Blocks']} hit {node['Shared Read Blocks']} read" if "Shared Hit Blocks" in node else ""
    )
    lines = [f"{'  ' * depth}-> {name} {where} (cost {cost}{real}{blocks})"]
    for child in node.get("Plans", ()):
        lines += _lines(child, depth + 1, scanned)
    return lines


async def scans(database: Database) -> dict[str, int]:
    """Rows that sequential scans have read so far, by table, as the server counts them."""
    async with database.reading() as session:
        rows = await session.execute(sa.text("SELECT relname, seq_tup_read FROM pg_stat_user_tables"))
        return {name: int(count or 0) for name, count in rows}
