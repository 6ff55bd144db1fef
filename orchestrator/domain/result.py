"""Results: scorecard plus decision, as written back."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from orchestrator.domain.evidence import Bullet, bullets
from orchestrator.domain.interview import Completion
from orchestrator.domain.scoring import Scorecard, band_of, percent
from rubrics.schema import Rubric


class Finality(StrEnum):
    """Why a result may be final (N5)."""

    POLICY = "policy"
    PERSON = "person"


class Subscore(Struct, frozen=True):
    """One competency in the result: ``level`` None is *not enough evidence*."""

    competency: str
    name: str
    level: float | None

    @property
    def text(self) -> str:
        """As a recruiter reads it."""
        return "not enough evidence" if self.level is None else f"{self.level:g} of 5"


class Result(Struct, frozen=True, kw_only=True):
    """What reaches the ATS. PII class: evaluation of a person, with quotes."""

    revision: int
    completion: Completion
    band: str
    band_label: str
    finality: Finality
    subscores: tuple[Subscore, ...]
    bullets: tuple[Bullet, ...]
    percent: int | None
    link: str
    audit_ref: str


def result_of(
    card: Scorecard,
    rubric: Rubric,
    *,
    revision: int,
    finality: Finality,
    band: str | None,
    link: str,
    audit_ref: str,
) -> Result:
    """Make the result of a scorecard. ``band`` is what a person decided; None keeps the machine's own band.

    Where a person chose another band, the number is left out: it would contradict the decision.
    """
    chosen = next(b for b in rubric.bands if b.key == (band or card.band))
    agreed = card.aggregate is not None and band_of(card.aggregate, rubric).key == chosen.key
    return Result(
        revision=revision,
        completion=Completion.COMPLETED,
        band=chosen.key,
        band_label=chosen.label,
        finality=finality,
        subscores=_subscores(card, rubric),
        bullets=bullets(card.scores, rubric),
        percent=percent(card.aggregate) if card.aggregate is not None and agreed else None,
        link=link,
        audit_ref=audit_ref,
    )


def band_keys(rubric: Rubric) -> Sequence[str]:
    """The bands that a person can choose from, highest first."""
    return [band.key for band in rubric.bands]


def _subscores(card: Scorecard, rubric: Rubric) -> tuple[Subscore, ...]:
    levels = {score.competency: score.level for score in card.scores}
    return tuple(Subscore(c.id, c.name, levels.get(c.id)) for c in rubric.competencies)
