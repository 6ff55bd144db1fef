"""Which stage entries count as newer than the launch, where the ATS does not say when they were."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.model import Stage, StageEntryRef, StageKind
from orchestrator.domain.trigger import CLOCK_TOLERANCE, Evidence, History, Reason, Verdict, decide
from tests.unit.domain.samples import NOW, application, program

UNDATED = StageEntryRef()
FIRST, ELSEWHERE = "First Interview", "Applied"
LAUNCH = 40
"""The minute of the launch in the histories below."""


def reason(evidence: Evidence, entry: StageEntryRef = UNDATED, launch: datetime | None = NOW) -> Reason:
    history = History(live_since=launch, evidence=evidence)
    return decide(application(entry=entry), StageKind.FIRST_INTERVIEW, (program(),), (), history).reason


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (Evidence(), Reason.BEFORE_LAUNCH),
        (Evidence(seen_elsewhere=True), Reason.STARTED),
        (Evidence(moves=(None,)), Reason.STARTED),
        (Evidence(moves=(NOW - CLOCK_TOLERANCE,)), Reason.STARTED),
        (Evidence(moves=(NOW - CLOCK_TOLERANCE - timedelta(seconds=1),)), Reason.BEFORE_LAUNCH),
        (Evidence(moves=(NOW - timedelta(days=9), NOW)), Reason.STARTED),
    ],
)
def test_each_piece_of_evidence_is_enough(evidence: Evidence, expected: Reason) -> None:
    """Seen elsewhere, or said to have moved since the launch: one of them, and never none."""
    assert reason(evidence) is expected


def test_a_time_says_more_than_any_evidence() -> None:
    """Where the ATS dates the entry, nothing else is looked at; before a launch, nothing is too old."""
    old, new = (StageEntryRef(entered_at=NOW + timedelta(hours=hours)) for hours in (-1, 1))
    assert reason(Evidence(seen_elsewhere=True, moves=(None,)), old) is Reason.BEFORE_LAUNCH
    assert reason(Evidence(), new) is Reason.STARTED
    assert reason(Evidence(), launch=None) is Reason.STARTED


def test_an_id_without_a_time_is_no_date() -> None:
    """A history id tells two entries apart and not when either was."""
    assert reason(Evidence(), StageEntryRef(history_id="7")) is Reason.BEFORE_LAUNCH


@pytest.mark.parametrize(
    ("applied", "expected"),
    [
        (None, Reason.BEFORE_LAUNCH),
        (NOW - CLOCK_TOLERANCE - timedelta(seconds=1), Reason.BEFORE_LAUNCH),
        (NOW - CLOCK_TOLERANCE, Reason.STARTED),
    ],
)
def test_who_applied_since_entered_every_stage_since(applied: datetime | None, expected: Reason) -> None:
    """Where the ATS says when somebody applied, and not when they came into the stage; the entry's own time says more."""
    history = History(live_since=NOW)

    def said(entry: StageEntryRef) -> Reason:
        found = application(entry=entry, applied_at=applied)
        return decide(found, StageKind.FIRST_INTERVIEW, (program(),), (), history).reason

    assert said(UNDATED) is expected
    assert said(StageEntryRef(entered_at=NOW - timedelta(days=1))) is Reason.BEFORE_LAUNCH


@dataclass
class Shadow:
    """What we know of one application, from looks alone, and whether an interview was started."""

    stock: str | None
    applied: datetime | None
    seen: list[str] = field(default_factory=list)
    moves: list[datetime | None] = field(default_factory=list)
    started: bool = False

    def look(self, stage: str, told: tuple[datetime | None, ...] = ()) -> None:
        """Read the application, because a poll listed it or (``told``) a delivery said that it moved."""
        if not self.seen or self.seen[-1] != stage:
            self.seen.append(stage)
        # What was told of an earlier move than the last one is remembered as well: it was since the launch.
        self.moves += told
        if stage != FIRST or self.started:
            return
        evidence = Evidence(
            seen_elsewhere=any(one != stage for one in self.seen) or self.stock not in {None, stage},
            moves=tuple(self.moves),
        )
        found = application(stage=Stage(id=stage, name=stage), entry=UNDATED, applied_at=self.applied)
        history = History(live_since=at(LAUNCH), evidence=evidence)
        decision = decide(found, StageKind.FIRST_INTERVIEW, (program(),), (), history)
        self.started = decision.verdict is Verdict.START


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


def where(stays: Sequence[tuple[int, str]], minute: int) -> str | None:
    """The stage in which it stands in a minute; None before it applied."""
    return next((stage for since, stage in reversed(stays) if since <= minute), None)


MINUTES = st.integers(0, 100)


@given(
    moved=st.lists(MINUTES, unique=True, max_size=5).map(sorted),
    begins_in=st.sampled_from([FIRST, ELSEWHERE]),
    stock_at=st.none() | st.integers(LAUNCH, 100),
    looks=st.lists(st.tuples(st.integers(LAUNCH, 120), st.booleans(), st.booleans()), max_size=6).map(sorted),
    applied=st.integers(-30, 90),
    says_when_applied=st.booleans(),
    partial=st.booleans(),
)
def test_nobody_is_invited_by_surprise(
    moved: list[int],
    begins_in: str,
    stock_at: int | None,
    looks: list[tuple[int, bool, bool]],
    applied: int,
    *,
    says_when_applied: bool,
    partial: bool,
) -> None:
    """Whatever is seen and told in whatever order: only after an entry since the launch; always if told, or seen elsewhere."""
    others = [ELSEWHERE, FIRST] if begins_in == FIRST else [FIRST, ELSEWHERE]
    stays = [(applied, begins_in)]
    stays += [(minute, others[n % 2]) for n, minute in enumerate(one for one in moved if one > applied)]
    shadow = Shadow(stock=None, applied=at(applied) if says_when_applied else None)
    taken = False
    entered = [since for since, stage in stays if stage == FIRST]
    for minute, is_told, says_when in looks:
        if stock_at is not None and stock_at <= minute and not taken:
            # A list may leave anybody out: a permission is missing, or a sync is under way.
            taken, shadow.stock = True, None if partial else where(stays, stock_at)
        stage = where(stays, minute)
        last = max((since for since, _ in stays if since <= minute), default=applied)
        if stage is None:
            continue
        told = (at(last) if says_when else None,) if is_told and last > applied and last >= LAUNCH else ()
        shadow.look(stage, told)
        if shadow.started:
            assert any(LAUNCH - CLOCK_TOLERANCE.total_seconds() / 60 <= since <= minute for since in entered)
        if stage == FIRST and (told or ELSEWHERE in shadow.seen):
            assert shadow.started
