"""A history of any size on PostgreSQL: what one real application left behind, cloned by SQL with constraints and indexes on."""

import time
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from bench.loader import CHUNK, clone
from orchestrator.db.session import Database

PER_CENT_INTERVIEWED = 20
YEAR_MS = 365 * 24 * 3600 * 1000
# Shares of the events; they sum to one. With ten events for each application, every second one is an audit event or work.
EVENTS: Mapping[str, float] = {
    "delivery": 0.12,
    "stage_entry": 0.12,
    "trigger_decision": 0.12,
    "interview_transition": 0.06,
    "sync_entry": 0.10,
    "write_back_attempt": 0.06,
    "work": 0.14,
    "audit_event": 0.28,
}
_ORDER = (
    "candidate", "application", "delivery", "stage_entry", "trigger_decision", "interview", "interview_link",
    "interview_transition", "write_back", "write_back_attempt", "owned_field", "sync_entry", "work", "audit_event",
)  # fmt: skip


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """So many rows of one table; ``changed`` as for :func:`bench.loader.clone`."""

    table: str
    count: int
    changed: Mapping[str, str | None]
    template: str = "true"


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A size. ``began_ms`` is when it began, in milliseconds since the epoch."""

    applications: int
    events: int
    began_ms: int

    def count(self, table: str) -> int:
        """How many rows of a table there are."""
        interviews = max(1, self.applications * PER_CENT_INTERVIEWED // 100)
        objects = {
            "candidate": self.applications,
            "application": self.applications,
            "interview": interviews,
            "interview_link": interviews,
            "write_back": interviews * 3,
            "owned_field": interviews * 3,
        }
        return objects.get(table) or max(interviews, round(self.events * EVENTS[table]))

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(self.count(table) for table in _ORDER)

    def key(self, table: str, number: str = "n.i") -> str:
        """SQL for the UUIDv7 of the nth row of a table: keys grow with time, as real ones do."""
        ms = f"{self.began_ms}::bigint + ({number}) * {YEAR_MS}::bigint / {self.count(table)}"
        kind = _ORDER.index(table)
        return (
            f"(lpad(to_hex({ms}), 12, '0') || '7' || lpad(to_hex(({number}) % 4096), 3, '0') || '8'"
            f" || lpad(to_hex({kind}), 3, '0') || lpad(to_hex({number}), 12, '0'))::uuid"
        )

    def at(self, table: str) -> str:
        """SQL for the time of the nth row of a table."""
        return f"to_timestamp(({self.began_ms}::bigint + n.i * {YEAR_MS}::bigint / {self.count(table)}) / 1000.0)"

    def parts(self) -> Iterator[Part]:
        """Every table, in an order that the foreign keys allow."""
        for table in _ORDER:
            changed = _CHANGED[table](self)
            yield Part(
                table=table,
                count=self.count(table),
                changed={"id": self.key(table), **changed},
                template=_TEMPLATES.get(table, "true"),
            )


def application_id(number: int) -> str:
    """The ATS's id of the nth application of a history."""
    return f"app_{number:09d}"


_NAME = "lpad(n.i::text, 9, '0')"
# One of each that the flow left behind serves as a pattern for all.
_TEMPLATES: Mapping[str, str] = {
    "work": "state = 'done'",
    "interview_transition": "before IS NULL",
    "trigger_decision": "verdict = 'start'",
    "delivery": "state = 'processed'",
    "write_back": "state = 'written'",
}


def _owner(history: History, of: str) -> str:
    """SQL for a row of another table, each of which gets its share."""
    return history.key(of, f"(n.i % {history.count(of)})")


def _candidate(h: History) -> dict[str, str | None]:
    return {"external_id": f"'cand_' || {_NAME}", "updated_at": h.at("candidate")}


def _application(h: History) -> dict[str, str | None]:
    return {
        "external_id": f"'app_' || {_NAME}",
        "candidate_id": h.key("candidate"),
        "stage_id": "'stg_000002'",
        "stage_name": "'Application Review'",
        "visits": "1",
        # Older than anything that is read while measuring.
        "snapshot": 'replace(regexp_replace(t.snapshot, \'"updated_at":"[^"]*"\','
        f" '\"updated_at\":\"2020-01-01T00:00:00Z\"'), t.external_id, 'app_' || {_NAME})",
        "seen_at": h.at("application"),
    }


def _delivery(h: History) -> dict[str, str | None]:
    at = h.at("delivery")
    return {
        "dedupe": "'id:evt_' || md5(n.i::text)",
        "received_at": at,
        "processed_at": at,
        "lane": f"'read/sandbox/app_' || lpad((n.i % {h.applications})::text, 9, '0')",
    }


def _stage_entry(h: History) -> dict[str, str | None]:
    return {
        "application_id": _owner(h, "application"),
        "entry_key": "'history:ent_' || n.i",
        "entered_at": h.at("stage_entry"),
        "seen_at": h.at("stage_entry"),
        "delivery_id": _owner(h, "delivery"),
    }


def _trigger_decision(h: History) -> dict[str, str | None]:
    return {
        "application_id": _owner(h, "application"),
        "stage_entry_id": _owner(h, "stage_entry"),
        "delivery_id": _owner(h, "delivery"),
        "at": h.at("trigger_decision"),
    }


def _interview(h: History) -> dict[str, str | None]:
    at = h.at("interview")
    return {
        "application_id": h.key("application"),
        "stage_entry_id": h.key("stage_entry"),
        "state": "'final'",
        "created_at": at,
        "expires_at": f"{at} + interval '7 days'",
        "finished_at": f"{at} + interval '3 days'",
    }


def _link(h: History) -> dict[str, str | None]:
    return {"interview_id": h.key("interview"), "token_hash": "md5(n.i::text) || md5('x' || n.i)"}


def _transition(h: History) -> dict[str, str | None]:
    return {"interview_id": _owner(h, "interview"), "at": h.at("interview_transition")}


def _write_back(h: History) -> dict[str, str | None]:
    interviews = h.count("interview")
    return {
        "interview_id": _owner(h, "interview"),
        "application_id": h.key("application", f"(n.i % {interviews})"),
        "sequence": f"1 + n.i / {interviews}",
        "created_at": h.at("write_back"),
        "settled_at": h.at("write_back"),
    }


def _attempt(h: History) -> dict[str, str | None]:
    return {"write_back_id": _owner(h, "write_back"), "at": h.at("write_back_attempt")}


def _owned(h: History) -> dict[str, str | None]:
    interviews = h.count("interview")
    return {
        "application_id": h.key("application", f"(n.i % {interviews})"),
        "field": f"'field_' || (n.i / {interviews})",
        "written_at": h.at("owned_field"),
    }


def _sync(h: History) -> dict[str, str | None]:
    return {"external_id": f"'app_' || lpad((n.i % {h.applications})::text, 9, '0')", "at": h.at("sync_entry")}


def _work(h: History) -> dict[str, str | None]:
    at = f"extract(epoch FROM {h.at('work')})"
    return {
        "id": None,
        "dedupe": "'history:' || md5(n.i::text)",
        "subject": f"'interview:' || {_owner(h, 'interview')}",
        "run_at": at,
        "created_at": at,
        "finished_at": at,
    }


def _audit(h: History) -> dict[str, str | None]:
    return {
        "sequence": "(SELECT sequence FROM audit_head) + 1 + n.i - {first}",
        "at": h.at("audit_event"),
        "subject": _owner(h, "application") + "::text",
        "previous_hash": "md5(n.i::text) || md5('p' || n.i)",
        "hash": "md5((n.i + 1)::text) || md5('p' || (n.i + 1))",
    }


_CHANGED = {
    "candidate": _candidate,
    "application": _application,
    "delivery": _delivery,
    "stage_entry": _stage_entry,
    "trigger_decision": _trigger_decision,
    "interview": _interview,
    "interview_link": _link,
    "interview_transition": _transition,
    "write_back": _write_back,
    "write_back_attempt": _attempt,
    "owned_field": _owned,
    "sync_entry": _sync,
    "work": _work,
    "audit_event": _audit,
}


async def load(database: Database, history: History, *, say: bool = True) -> None:
    """Load a history into a database that holds one finished application, and let the server tidy up behind it."""
    for part in history.parts():
        began = time.monotonic()
        for first in range(0, part.count, CHUNK):
            count = min(CHUNK, part.count - first)
            changed = {name: value and value.replace("{first}", str(first)) for name, value in part.changed.items()}
            async with database.transaction() as tx:
                await clone(tx, part.table, template=part.template, count=count, changed=changed, first=first)
                if part.table == "audit_event":
                    await tx.session.execute(sa.text(f"UPDATE audit_head SET sequence = sequence + {count}"))  # noqa: S608 - a number
        if say:
            print(f"  {part.table}: {part.count:,} rows in {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    async with database.engine.connect() as connection:
        free = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in ("VACUUM (ANALYZE)", "CHECKPOINT"):
            await free.execute(sa.text(statement))


async def size(database: Database) -> int:
    """Bytes of a database."""
    async with database.reading() as session:
        found: int = (await session.execute(sa.text("SELECT pg_database_size(current_database())"))).scalar_one()
    return found


def tables() -> Sequence[str]:
    """Every table that a history fills."""
    return _ORDER
