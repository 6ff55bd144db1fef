"""What a run of the bench is asked for, and what it hands back. Needs none of the libraries that measure."""

from pathlib import Path

from msgspec import Struct

from orchestrator.evaluation.outcome import Outcome
from orchestrator.grading.budget import Prices

EMBEDDED = "embedded"
OPENAI = "openai"
HOSTED = "hosted"
"""In place of a file of weights: somebody else has them, and nobody outside can hash them."""
SEED = 1


class Model(Struct, frozen=True, kw_only=True):
    """Where a live model is. ``timeout`` is in seconds, per call; ``concurrency`` counts calls at once."""

    base_url: str
    api_key: str
    name: str
    timeout: float
    concurrency: int
    temperature: float | None = 0.0


class Gate(Struct, frozen=True, kw_only=True):
    """What a release must keep: a least kappa, and how much of it may be lost against the outcome before."""

    min_qwk: float | None = None
    max_drop: float | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """What one run is asked for. ``model`` is needed for a live model only; ``weights`` with ``record`` only."""

    grader: str
    set: Path
    json: Path | None = None
    html: Path | None = None
    compare: Path | None = None
    record: Path | None = None
    replay: Path | None = None
    weights: str | None = None
    model: Model | None = None
    samples: int = 1
    limit: int | None = None
    seed: int = SEED
    cut: float | None = None
    prices: Prices | None = None
    gate: Gate = Gate()


class SuiteWanted(Struct, frozen=True, kw_only=True):
    """What one run of the metamorphic suite is asked for.

    ``model`` None and no ``replay`` is the embedded grader. ``only`` names properties (none: all), ``sample`` is how many
    trials of each at most. ``weights`` is needed with ``record``.
    """

    folder: Path
    model: Model | None = None
    json: Path | None = None
    record: Path | None = None
    replay: Path | None = None
    weights: str | None = None
    only: tuple[str, ...] = ()
    sample: int | None = None


class Finished(Struct, frozen=True, kw_only=True):
    """The outcome and every threshold that it misses, in words."""

    outcome: Outcome
    missed: tuple[str, ...]
