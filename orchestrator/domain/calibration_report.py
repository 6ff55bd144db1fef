"""The report of a calibration session: agreement by competency, and by rater severity, drift and gold accuracy. Pure.

It names raters, who are colleagues, and never a candidate: items have numbers.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations
from statistics import fmean

from msgspec import Struct

from orchestrator.domain.agreement import (
    Estimate,
    Mean,
    Reading,
    Share,
    Unit,
    all_pairs,
    alpha_estimate,
    changed,
    gaps_of,
    kappa_estimate,
    mean_of,
    pairs_of,
    reading_of,
    severities,
    share,
    within,
)
from orchestrator.domain.calibration import MACHINE, Cell, Rating, SessionState
from rubrics.schema import Competency, Rubric


class SessionFacts(Struct, frozen=True, kw_only=True):
    """Which session, of what and when. ``interviews`` and ``gold_items`` count its items."""

    id: uuid.UUID
    title: str
    rubric: str
    rubric_version: str
    rubric_hash: str
    state: SessionState
    created_at: datetime
    revealed_at: datetime | None
    closed_at: datetime | None
    interviews: int
    gold_items: int


class PairAgreement(Struct, frozen=True, kw_only=True):
    """Quadratic weighted kappa of two raters, None where it says nothing. One of them may be the machine."""

    first: str
    second: str
    kappa: Estimate | None


class CompetencyAgreement(Struct, frozen=True, kw_only=True):
    """How far people agree on one competency, and beside it how far the machine agrees with them on the same items.

    ``exact`` and ``within_one`` are shares of pairs of people, the other two of pairs of the machine and a person.
    ``split`` counts the items in which only some of the people saw evidence.
    """

    id: str
    name: str
    levels: int
    split: int
    alpha: Estimate | None
    reading: Reading
    exact: Share | None
    within_one: Share | None
    machine_exact: Share | None
    machine_within_one: Share | None
    pairs: tuple[PairAgreement, ...]


class Severity(Struct, frozen=True, kw_only=True):
    """The severity of a rater in one session: mean difference to the others, in levels; above 0 is milder."""

    session: uuid.UUID
    at: datetime
    mean: Mean


class GoldAccuracy(Struct, frozen=True, kw_only=True):
    """How often a rater met the known levels; "not enough evidence" is met by itself only. ``bias`` is in levels."""

    exact: Share
    within_one: Share
    bias: Mean | None


class RaterReport(Struct, frozen=True, kw_only=True):
    """One rater. ``drift`` lists this session and those before, the oldest first.

    ``drifted`` says whether the severity has changed since the session before by more than chance; None if none can say.
    """

    name: str
    rated: int
    handed_in: bool
    severity: Mean | None
    by_competency: Mapping[str, Mean]
    drift: tuple[Severity, ...]
    drifted: bool | None
    gold: GoldAccuracy | None


class CalibrationReport(Struct, frozen=True, kw_only=True):
    """The whole report."""

    session: SessionFacts
    competencies: tuple[CompetencyAgreement, ...]
    raters: tuple[RaterReport, ...]
    agreed: int
    machine_agreed: Share | None


class Person(Struct, frozen=True, kw_only=True):
    """A rater of the session, by the id of the account, with the severities of earlier sessions, the oldest first."""

    key: str
    name: str
    handed_in: bool
    earlier: tuple[Severity, ...] = ()


def report_of(
    facts: SessionFacts, rubric: Rubric, cells: Sequence[Cell], people: Sequence[Person]
) -> CalibrationReport:
    """Compute everything anew from the ratings; the same ratings give the same report."""
    names = {person.key: person.name for person in people}
    agreed = [(cell.agreed, cell.machine) for cell in cells if cell.agreed is not None]
    met = [one.level == other.level for one, other in agreed if other is not None]
    return CalibrationReport(
        session=facts,
        competencies=tuple(
            _competency(competency, [cell for cell in cells if cell.competency == competency.id], names)
            for competency in rubric.competencies
        ),
        raters=tuple(_rater(person, facts, rubric, cells) for person in people),
        agreed=len(agreed),
        machine_agreed=share(sum(met), len(met)),
    )


def session_severities(cells: Sequence[Cell]) -> dict[str, Mean]:
    """By rater, over all competencies. An item counts once: what somebody makes of one answer hangs together."""
    gaps: dict[str, dict[int, list[float]]] = {}
    for cell in cells:
        for rater, gap in gaps_of(cell.unit).items():
            gaps.setdefault(rater, {}).setdefault(cell.item, []).append(gap)
    return {rater: mean_of([fmean(values) for values in items.values()]) for rater, items in gaps.items()}


def _competency(competency: Competency, cells: Sequence[Cell], names: Mapping[str, str]) -> CompetencyAgreement:
    units = [cell.unit for cell in cells]
    with_machine: list[Unit] = [_with_machine(cell) for cell in cells]
    alpha = alpha_estimate(units)
    between_people = all_pairs(units)
    to_machine = [pair for rater in names for pair in pairs_of(with_machine, rater, MACHINE)]
    raters = [*names, *([MACHINE] if any(MACHINE in unit for unit in with_machine) else [])]
    return CompetencyAgreement(
        id=competency.id,
        name=competency.name,
        levels=sum(len(unit) for unit in units),
        split=sum(len({rating.level is None for rating in cell.ratings.values()}) > 1 for cell in cells),
        alpha=alpha,
        reading=reading_of(alpha.value if alpha else None),
        exact=within(between_people, 0),
        within_one=within(between_people, 1),
        machine_exact=within(to_machine, 0),
        machine_within_one=within(to_machine, 1),
        pairs=tuple(
            PairAgreement(
                first=names[one],
                second=names.get(other, MACHINE),
                kappa=kappa_estimate(pairs_of(with_machine, one, other)),
            )
            for one, other in combinations(raters, 2)
        ),
    )


def _with_machine(cell: Cell) -> Unit:
    level = cell.machine.level if cell.machine else None
    return cell.unit if level is None else {**cell.unit, MACHINE: level}


def _rater(person: Person, facts: SessionFacts, rubric: Rubric, cells: Sequence[Cell]) -> RaterReport:
    severity = session_severities(cells).get(person.key)
    by_competency = {
        competency.id: severities([cell.unit for cell in cells if cell.competency == competency.id]).get(person.key)
        for competency in rubric.competencies
    }
    here = (
        ()
        if severity is None
        else (Severity(session=facts.id, at=facts.revealed_at or facts.created_at, mean=severity),)
    )
    last = person.earlier[-1].mean if person.earlier else None
    return RaterReport(
        name=person.name,
        rated=sum(person.key in cell.ratings for cell in cells),
        handed_in=person.handed_in,
        severity=severity,
        by_competency={key: mean for key, mean in by_competency.items() if mean is not None},
        drift=(*person.earlier, *here),
        drifted=None if severity is None or last is None else changed(last, severity),
        gold=gold_accuracy(
            [(cell.ratings[person.key], cell.gold) for cell in cells if cell.gold and person.key in cell.ratings]
        ),
    )


def gold_accuracy(pairs: Sequence[tuple[Rating, Rating]]) -> GoldAccuracy | None:
    """How a rater's levels (first) meet the known ones (second); None where the session has no gold."""
    gaps = [one.level - known.level for one, known in pairs if one.level is not None and known.level is not None]
    both_none = sum(one.level is None and known.level is None for one, known in pairs)
    exact = share(both_none + sum(gap == 0 for gap in gaps), len(pairs))
    near = share(both_none + sum(abs(gap) <= 1 for gap in gaps), len(pairs))
    if exact is None or near is None:
        return None
    return GoldAccuracy(exact=exact, within_one=near, bias=mean_of(gaps) if gaps else None)
