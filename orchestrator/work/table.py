"""The tables of the engine. Times are seconds since the epoch on the database's clock, as floats, on both databases."""

from enum import IntEnum, StrEnum

import sqlalchemy as sa

from orchestrator.db.base import Base, enum_text


class WorkState(StrEnum):
    """How far an item of work is.

    Queued: entered when enqueued, retried, replayed or given back; left when claimed or cancelled. Running: entered
    when claimed; left when finished or when the lease ends. Done, dead (a person is needed) and cancelled are final
    but for replay, which puts dead work back in the queue.
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """Why work is dead."""

    GIVEN_UP = "given_up"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    LEASE_EXPIRED = "lease_expired"
    UNREADABLE = "unreadable"


class Priority(IntEnum):
    """Who goes first among what is due."""

    CANDIDATE = 0
    NORMAL = 1
    BULK = 2


# Literals, not parameters: SQLite uses a partial index only where it can read the condition in the statement.
QUEUED: sa.ColumnClause[str] = sa.literal_column("'queued'")
RUNNING: sa.ColumnClause[str] = sa.literal_column("'running'")
OPEN = sa.text("state IN ('queued', 'running')")

work = sa.Table(
    "work",
    Base.metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("version", sa.SmallInteger, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("subject", sa.String(128)),
    sa.Column("lane", sa.String(128)),
    # False while it waits behind another item of its lane; work without a lane is a head always.
    sa.Column("head", sa.Boolean(), nullable=False, server_default=sa.true()),
    sa.Column("rate_key", sa.String(64)),
    sa.Column("shelf", sa.String(160), nullable=False, server_default=""),
    sa.Column("dedupe", sa.String(160), unique=True),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("state", enum_text(WorkState), nullable=False, server_default="queued"),
    sa.Column("run_at", sa.Double, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("max_attempts", sa.Integer, nullable=False),
    sa.Column("lease_until", sa.Double),
    sa.Column("token", sa.String(36)),
    sa.Column("worker", sa.String(64)),
    sa.Column("error", sa.Text),
    sa.Column("cause", enum_text(Cause)),
    sa.Column("done_by", sa.Text),
    sa.Column("done_reason", sa.Text),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("finished_at", sa.Double),
    # Shelf by shelf: a claim skips what belongs to a paused connection, a drained bucket or another worker in one step.
    sa.Index(
        "ix_work_due",
        "shelf",
        "run_at",
        "id",
        postgresql_where=sa.text("state = 'queued' AND head"),
        sqlite_where=sa.text("state = 'queued' AND head = 1"),
    ),
    sa.Index("ix_work_lane_open", "lane", "id", postgresql_where=OPEN, sqlite_where=OPEN),
    # Whoever adds or takes away agrees by a lock on who is first; this is what makes two heads, and so two at once, impossible.
    sa.Index(
        "uq_work_lane_head",
        "lane",
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running') AND head"),
        sqlite_where=sa.text("state IN ('queued', 'running') AND head = 1"),
    ),
    sa.Index(
        "ix_work_lease",
        "lease_until",
        postgresql_where=sa.text("state = 'running'"),
        sqlite_where=sa.text("state = 'running'"),
    ),
    sa.Index("ix_work_subject", "subject"),
    # Partial, or SQLite would take it for a way to what is queued.
    sa.Index(
        "ix_work_finished",
        "state",
        "finished_at",
        postgresql_where=sa.text("finished_at IS NOT NULL"),
        sqlite_where=sa.text("finished_at IS NOT NULL"),
    ),
    comment="Durable work. PII class: pseudonymous (payloads hold ids, never contact data).",
)

rate_bucket = sa.Table(
    "rate_bucket",
    Base.metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("rate", sa.Double, nullable=False),
    sa.Column("burst", sa.Double, nullable=False),
    sa.Column("tokens", sa.Double, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    # Until then nothing but a mention of the ATS keeps it empty: a better word opens it again, as it does not after a refusal.
    sa.Column("closed_until", sa.Double),
    comment="Fleet-wide token buckets, one per connection. PII class: none.",
)

work_pause = sa.Table(
    "work_pause",
    Base.metadata,
    sa.Column("rate_key", sa.String(64), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("until", sa.Double),
    # 0: paused by a person or by rejected credentials. More: that many times in a row the other side did not answer.
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    comment="Connections whose work waits, with the reason. PII class: none.",
)
