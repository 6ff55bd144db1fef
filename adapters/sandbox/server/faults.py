"""Switches that make the sandbox misbehave on purpose. All off by default; nothing here survives a restart."""

from random import Random

from msgspec import Struct, structs


class Error500(Struct, frozen=True, kw_only=True):
    """Answer 500 before anything happens: to the ``next`` n requests, then with ``probability``."""

    probability: float = 0.0
    next: int = 0


class RateLimited(Struct, frozen=True, kw_only=True):
    """Answer 429 to the ``next`` n requests, with ``Retry-After: retry_after`` (seconds) unless it is null."""

    next: int = 0
    retry_after: int | None = None


class TimeoutAfterCommit(Struct, frozen=True, kw_only=True):
    """Commit the ``next`` n writes, stay silent for ``hang_seconds``, then cut the connection."""

    next: int = 0
    hang_seconds: float = 0.0


class CutConnections(Struct, frozen=True, kw_only=True):
    """Abort the TCP connection of the ``next`` n requests without a byte of answer, as kill -9 of a proxy would.

    ``carried_out`` says whether the request was carried out first, or never seen.
    """

    next: int = 0
    carried_out: bool = True


class Deliveries(Struct, frozen=True, kw_only=True):
    """Webhook trouble: extra copies, a fixed delay, and random extra delays up to ``reorder_seconds``."""

    duplicates: int = 0
    delay_seconds: float = 0.0
    reorder_seconds: float = 0.0


class SchemaDrift(Struct, frozen=True, kw_only=True):
    """Rename or omit these JSON members, at any depth, in every API answer."""

    rename: dict[str, str] = {}
    omit: list[str] = []


class Faults(Struct, frozen=True, kw_only=True):
    """Every switch. ``seed`` makes the random ones repeatable; ``writes_only`` spares GET requests."""

    error_500: Error500 = Error500()
    rate_limited: RateLimited = RateLimited()
    timeout_after_commit: TimeoutAfterCommit = TimeoutAfterCommit()
    cut_connections: CutConnections = CutConnections()
    deliveries: Deliveries = Deliveries()
    schema_drift: SchemaDrift = SchemaDrift()
    writes_only: bool = False
    seed: int = 0


class FaultBox:
    """The switches as they are set now, counted down as they fire."""

    def __init__(self) -> None:
        self._faults = Faults()
        self._random = Random(0)  # noqa: S311 - repeatable mischief, not a secret

    @property
    def current(self) -> Faults:
        """The switches with what is left of their counts."""
        return self._faults

    def set(self, faults: Faults) -> None:
        """Replace every switch and restart the random sequence from ``faults.seed``."""
        self._faults = faults
        self._random = Random(faults.seed)  # noqa: S311 - repeatable mischief, not a secret

    def applies_to(self, method: str) -> bool:
        """Whether request faults touch this HTTP method."""
        return not (self._faults.writes_only and method in {"GET", "HEAD"})

    def take_error_500(self) -> bool:
        """Whether this request fails with 500."""
        switch = self._faults.error_500
        if switch.next > 0:
            self._faults = structs.replace(self._faults, error_500=structs.replace(switch, next=switch.next - 1))
            return True
        return switch.probability > 0 and self._random.random() < switch.probability

    def take_rate_limited(self) -> RateLimited | None:
        """Return the switch if this request is turned away."""
        switch = self._faults.rate_limited
        if switch.next <= 0:
            return None
        self._faults = structs.replace(self._faults, rate_limited=structs.replace(switch, next=switch.next - 1))
        return switch

    def take_timeout_after_commit(self) -> TimeoutAfterCommit | None:
        """Return the switch if the answer to this write is lost."""
        switch = self._faults.timeout_after_commit
        if switch.next <= 0:
            return None
        left = structs.replace(switch, next=switch.next - 1)
        self._faults = structs.replace(self._faults, timeout_after_commit=left)
        return switch

    def take_cut_connections(self) -> CutConnections | None:
        """Return the switch if the connection of this request is cut."""
        switch = self._faults.cut_connections
        if switch.next <= 0:
            return None
        left = structs.replace(switch, next=switch.next - 1)
        self._faults = structs.replace(self._faults, cut_connections=left)
        return switch

    def delivery_delays(self) -> list[float]:
        """Seconds to wait before each copy of the next event; one entry per copy."""
        switch = self._faults.deliveries
        return [
            switch.delay_seconds + self._random.uniform(0, switch.reorder_seconds)
            for _ in range(1 + max(0, switch.duplicates))
        ]
