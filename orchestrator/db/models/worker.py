"""Workers that live, each in a row that it keeps up to date itself."""

import sqlalchemy as sa
from msgspec import Struct, field
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, StructJson

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
"""Upper bounds of the slots of a ``Spread``, in seconds; what is longer stands in one slot more."""


def _empty() -> list[int]:
    return [0] * (len(BOUNDS) + 1)


class Spread(Struct):
    """How long something took: how often it fell in each slot of ``BOUNDS``, and the sum in seconds."""

    slots: list[int] = field(default_factory=_empty)
    seconds: float = 0.0


class KindTally(Struct):
    """What a worker has seen of one kind: ``wait`` from due to claimed, ``handling`` from claimed to the handler's end."""

    wait: Spread = field(default_factory=Spread)
    handling: Spread = field(default_factory=Spread)


class WorkerProcess(Base):
    """One worker. Times are seconds on the database's clock, as in the work table. PII class: none.

    It is gone when it was not seen for ``lease`` seconds: what it held is taken over by then. ``kinds`` are separated by
    commas; None means every kind. The numbers count from ``started_at``.
    """

    __tablename__ = "worker_process"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    started_at: Mapped[float] = mapped_column(sa.Double)
    seen_at: Mapped[float] = mapped_column(sa.Double)
    lease: Mapped[float] = mapped_column(sa.Double)
    concurrency: Mapped[int]
    kinds: Mapped[str | None]
    claimed: Mapped[int] = mapped_column(sa.BigInteger)
    finished: Mapped[int] = mapped_column(sa.BigInteger)
    failed: Mapped[int] = mapped_column(sa.BigInteger)
    leases_lost: Mapped[int] = mapped_column(sa.BigInteger)
    tallies: Mapped[dict[str, KindTally]] = mapped_column(StructJson(dict[str, KindTally]))
