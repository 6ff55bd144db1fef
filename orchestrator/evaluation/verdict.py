"""What a grader says of one answer of a labelled set, whichever grader it is."""

from typing import Protocol

from msgspec import Struct

from orchestrator.domain.scoring import Usage
from orchestrator.evaluation.items import Item


class Verdict(Struct, frozen=True, kw_only=True):
    """One sample of one answer. ``level`` None: the grader abstains. ``value`` is what it rounds to the level, 0 to max_level.

    ``quotes`` counts what was claimed as a quote, ``fabricated`` how many of them do not stand in the answer.
    ``unusable`` marks a reply that could not be read even the second time.
    """

    level: int | None
    value: float | None
    quotes: int = 0
    fabricated: int = 0
    flagged: tuple[str, ...] = ()
    unusable: bool = False
    usage: Usage = Usage()


class GraderFacts(Struct, frozen=True, kw_only=True):
    """Which grader it was, enough to do it again. None of a recording's facts are there for a live one."""

    kind: str
    model: str | None = None
    answered_by: tuple[str, ...] = ()
    prompt_hash: str | None = None
    weights: str | None = None
    parameters: dict[str, str | int | float | None] = {}
    recorded_on: str | None = None


class SetGrader(Protocol):
    """Grades answers of a labelled set. Implementations: embedded, a model, a recording of a model."""

    @property
    def facts(self) -> GraderFacts:
        """Which grader it is; complete when everything is graded."""
        ...

    async def grade(self, item: Item, sample: int) -> Verdict:
        """Grade one answer; ``sample`` counts from 0.

        Raises:
            GradingFailed: nothing came back.
        """
        ...

    async def aclose(self) -> None:
        """Release connections and files."""
        ...
