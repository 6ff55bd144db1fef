"""Calibration sessions: what is worth talking about, and the report that comes of the ratings."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.domain.agreement import Mean, Reading
from orchestrator.domain.calibration import (
    MACHINE,
    Cell,
    GoldItem,
    GoldLevel,
    Rating,
    SessionState,
    gold_faults,
    gold_transcript,
    largest_first,
    unrated,
    whole_level,
)
from orchestrator.domain.calibration_report import (
    CalibrationReport,
    Person,
    SessionFacts,
    Severity,
    gold_accuracy,
    report_of,
    session_severities,
)
from orchestrator.domain.transcript import Speaker
from orchestrator.services.calibration.gold_items import find_gold
from rubrics.loader import load_library
from rubrics.schema import Rubric

LIBRARY = load_library()
RUBRIC = LIBRARY["customer-support/first-interview"]
FIRST, SECOND = (competency.id for competency in RUBRIC.competencies[:2])
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
FACTS = SessionFacts(
    id=uuid.UUID(int=7),
    title="November",
    rubric=RUBRIC.id,
    rubric_version=RUBRIC.version,
    rubric_hash="0" * 64,
    state=SessionState.REVEALED,
    created_at=AT,
    revealed_at=AT + timedelta(days=1),
    closed_at=None,
    interviews=2,
    gold_items=1,
)
ADA, BEN = Person(key="a", name="Ada", handed_in=True), Person(key="b", name="Ben", handed_in=False)


def cell(item: int, competency: str = FIRST, **levels: int | None) -> Cell:
    """Levels by rater; ``machine`` and ``gold`` are what they say."""
    machine = Rating(levels.pop("machine")) if "machine" in levels else None
    gold = Rating(levels.pop("gold")) if "gold" in levels else None
    ratings = {rater: Rating(level) for rater, level in levels.items()}
    return Cell(item=item, competency=competency, ratings=ratings, machine=machine, gold=gold)


def report(*cells: Cell, people: tuple[Person, ...] = (ADA, BEN)) -> CalibrationReport:
    return report_of(FACTS, RUBRIC, cells, people)


def test_the_largest_difference_comes_first() -> None:
    """Machine and known level count; then evidence that only some saw; what all saw alike is left out."""
    alike = cell(1, a=3, b=3, machine=3)
    near = cell(2, a=3, b=4)
    split = cell(3, a=3, b=None)
    near_and_split = cell(4, a=3, b=4, machine=None)
    machine = cell(5, a=2, b=2, machine=4)
    gold = cell(6, a=2, b=2, gold=5)
    nobody = cell(7, a=None, b=None)
    order = [one.item for one in largest_first([alike, near, split, near_and_split, machine, gold, nobody])]
    assert order == [6, 5, 4, 2, 3]


def test_items_stay_open_until_every_competency_is_rated() -> None:
    """ "Not enough evidence" is a rating."""
    whole = {competency.id: Rating(None) for competency in RUBRIC.competencies}
    part = {FIRST: Rating(3)}
    assert unrated(RUBRIC, [1, 2, 3], {1: whole, 2: part}) == [2, 3]


@pytest.mark.parametrize(("level", "whole"), [(None, None), (1.0, 1), (2.5, 3), (3.4, 3), (5.0, 5)])
def test_a_median_becomes_a_level(level: float | None, whole: int | None) -> None:
    """Halves go up, whichever number is even."""
    assert whole_level(level) == whole


def test_agreement_by_competency() -> None:
    """People are compared with people, the machine with each of them; who saw no evidence is missing and counted."""
    cells = [
        cell(1, a=1, b=1, machine=2),
        cell(2, a=2, b=3, machine=3),
        cell(3, a=3, b=3, machine=None),
        cell(4, a=4, b=2, machine=4),
        cell(5, a=None, b=5),
        cell(1, SECOND, a=4, b=4),
    ]
    first, second, *others = report(*cells).competencies
    assert (first.levels, first.split, first.reading) == (9, 1, Reading.UNRELIABLE)
    assert first.exact is not None
    assert first.within_one is not None
    assert (first.exact.count, first.within_one.count, first.exact.n) == (2, 3, 4)
    assert first.machine_exact is not None
    assert (first.machine_exact.count, first.machine_exact.n) == (2, 6)
    kappas = {(pair.first, pair.second): pair.kappa for pair in first.pairs}
    assert set(kappas) == {("Ada", "Ben"), ("Ada", MACHINE), ("Ben", MACHINE)}
    people = kappas["Ada", "Ben"]
    assert people is not None
    assert people.value == pytest.approx(0.375)
    assert people.n == 4
    assert (second.reading, second.alpha) == (Reading.UNKNOWN, None)
    assert [one.levels for one in others] == [0, 0, 0]


def test_severity_counts_an_item_once() -> None:
    """Ada is 1 milder on both competencies of the first item and as Ben on the second: ½ on average, of two items."""
    cells = [cell(1, a=4, b=3), cell(1, SECOND, a=5, b=4), cell(2, a=2, b=2)]
    found = session_severities(cells)
    assert found["a"] == Mean(0.5, 0.5, 2)
    ada, ben = report(*cells).raters
    assert ada.severity == found["a"]
    assert ben.severity is not None
    assert ben.severity.value == -0.5
    assert ada.by_competency == {FIRST: Mean(0.5, 0.5, 2), SECOND: Mean(1.0, None, 1)}
    assert (ada.rated, ada.handed_in, ben.handed_in) == (3, True, False)


@pytest.mark.parametrize(("before", "drifted"), [(Mean(-1.5, 0.3, 6), True), (Mean(0.2, 0.3, 6), False)])
def test_drift_is_the_change_since_the_session_before(before: Mean, drifted: bool) -> None:  # noqa: FBT001 - what is to come out
    """Earlier sessions stand before this one, and the last of them is what it is compared with."""
    earlier = tuple(
        Severity(session=uuid.UUID(int=n), at=AT - timedelta(days=9 - n), mean=mean)
        for n, mean in enumerate((Mean(3.0, 0.1, 6), before))
    )
    ada = Person(key="a", name="Ada", handed_in=True, earlier=earlier)
    cells = [cell(1, a=4, b=3), cell(2, a=3, b=3), cell(3, a=4, b=3)]
    rated, other = report(*cells, people=(ada, BEN)).raters
    assert [one.session for one in rated.drift] == [uuid.UUID(int=0), uuid.UUID(int=1), FACTS.id]
    assert rated.drift[-1].at == FACTS.revealed_at
    assert rated.drifted is drifted
    assert other.drifted is None


def test_gold_accuracy() -> None:
    """Not enough evidence is met by itself only; distance is told over those with a level on both sides."""
    pairs = [(3, 3), (4, 3), (1, 3), (None, None), (None, 2), (2, None)]
    found = gold_accuracy([(Rating(mine), Rating(known)) for mine, known in pairs])
    assert found is not None
    assert (found.exact.count, found.within_one.count, found.exact.n) == (2, 3, 6)
    assert found.bias is not None
    assert found.bias.value == pytest.approx(-1 / 3)
    assert found.bias.n == 3
    assert gold_accuracy([]) is None
    ada, ben = report(cell(1, a=3, gold=3), cell(2, a=4, b=4)).raters
    assert ada.gold is not None
    assert ada.gold.exact.value == 1
    assert ben.gold is None


def test_agreed_levels_are_held_against_the_machine() -> None:
    """Only where the machine had a word; "not enough evidence" on both sides is the same."""
    settled = [
        Cell(item=1, competency=FIRST, ratings={}, machine=Rating(3), agreed=Rating(3)),
        Cell(item=2, competency=FIRST, ratings={}, machine=Rating(3), agreed=Rating(4)),
        Cell(item=3, competency=FIRST, ratings={}, machine=Rating(None), agreed=Rating(None)),
        Cell(item=4, competency=FIRST, ratings={}, agreed=Rating(2)),
        Cell(item=5, competency=FIRST, ratings={}, machine=Rating(2)),
    ]
    found = report(*settled)
    assert found.agreed == 4
    assert found.machine_agreed is not None
    assert (found.machine_agreed.count, found.machine_agreed.n) == (2, 3)


def test_a_gold_item_must_fit_its_rubric() -> None:
    """Unknown questions and competencies are told, and so is a competency without a known level."""
    item = GoldItem(
        id="odd",
        title="Odd",
        answers={"unclear-cause": "I asked.", "no-question": "Hm."},
        levels={FIRST: GoldLevel(level=3, why="Asked."), "no-competency": GoldLevel(level=None, why="Nothing.")},
    )
    faults = gold_faults(item, RUBRIC)
    assert (("answers", "no-question"), "is no question of the rubric") in faults
    assert (("levels", "no-competency"), "is no competency of the rubric") in faults
    assert [key for (_, key), what in faults if what == "is missing"] == sorted(
        competency.id for competency in RUBRIC.competencies[1:]
    )
    said = [turn.text for turn in gold_transcript(item, RUBRIC).turns if turn.speaker is Speaker.CANDIDATE]
    assert said == ["I asked."]


@pytest.mark.parametrize("rubric", LIBRARY.values(), ids=lambda rubric: str(rubric.id))
def test_every_library_rubric_has_gold(rubric: Rubric) -> None:
    """At least four items that fit; each competency is met at several levels, and once somewhere there is no evidence."""
    found = find_gold(rubric, None)
    assert found.faults == ()
    assert len(found.items) >= 4
    for competency in rubric.competencies:
        assert len({item.levels[competency.id].level for item in found.items.values()}) >= 3
    assert any(level.level is None for item in found.items.values() for level in item.levels.values())


def test_a_team_has_gold_of_its_own(tmp_path: Path) -> None:
    """Beside the packaged items, as YAML or JSON; an own item replaces the one with its key; faults are told in words."""
    folder = tmp_path / "customer-support"
    folder.mkdir()
    own = folder / "first-interview.yaml"
    levels = "".join(f"\n      {competency.id}: {{level: 3, why: Because.}}" for competency in RUBRIC.competencies)
    item = f"  - id: uneven\n    title: Ours\n    answers: {{unclear-cause: We asked.}}\n    levels:{levels}\n"
    own.write_text(f"rubric: {RUBRIC.id}\nitems:\n{item}", "utf-8")
    found = find_gold(RUBRIC, tmp_path)
    assert (len(found.items), found.items["uneven"].title, found.faults) == (4, "Ours", ())
    own.write_text(f"rubric: {RUBRIC.id}\nitems:\n{item.replace('level: 3', 'level: 9', 1)}", "utf-8")
    [fault] = find_gold(RUBRIC, tmp_path).faults
    assert fault.startswith("gold/customer-support/first-interview.yaml:")
    assert "at most 5" in fault
    assert str(tmp_path) not in fault
    own.write_text(f"rubric: {RUBRIC.id}\nitems:\n{item.replace('unclear-cause', 'no-question')}", "utf-8")
    found = find_gold(RUBRIC, tmp_path)
    assert found.items["uneven"].title != "Ours"
    assert found.faults == (
        "gold/customer-support/first-interview.yaml: uneven: answers.no-question is no question of the rubric",
    )
    own.write_text(f"rubric: sales/sdr-first-interview\nitems:\n{item}", "utf-8")
    assert "rubric must be customer-support/first-interview" in find_gold(RUBRIC, tmp_path).faults[0]
    own.write_bytes(b"\xff")
    assert find_gold(RUBRIC, tmp_path).faults == (
        "gold/customer-support/first-interview.yaml: cannot be read as UTF-8 text",
    )
