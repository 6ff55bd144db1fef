"""What a backfill makes of one application: every reason once, and the order in which they are looked for."""

from datetime import timedelta

import pytest

from adapters.contract.model import Disposition, JobStatus, StageEntryRef, StageKind
from orchestrator.domain.backfill import WORDS, Judgement, Known, Outcome, Why, Wish, judge
from orchestrator.domain.program import Cap, Program, When
from orchestrator.domain.trigger import CLOCK_TOLERANCE, History, Reason
from tests.unit.domain.samples import NOW, application, job, program

FIRST = StageKind.FIRST_INTERVIEW
LIVE = NOW + timedelta(days=1)


def judged(
    *,
    wish: Wish | None = None,
    stage: StageKind | None = FIRST,
    programs: tuple[Program, ...] = (),
    history: History | None = None,
    known: Known | None = None,
    **changes: object,
) -> Judgement:
    """``changes`` are made to an application that entered a day before the launch."""
    wish = wish or Wish(program=program())
    return judge(
        wish,
        application(**changes),
        stage,
        programs or (wish.program,),
        (),
        history or History(live_since=LIVE),
        known or Known(),
    )


def test_who_stood_there_before_the_launch_is_invited() -> None:
    """Never seen, or seen and left alone: both are what a backfill is for, and the trigger's decision is kept."""
    for known in (Known(), Known(first_reason=Reason.BEFORE_LAUNCH)):
        found = judged(known=known)
        assert (found.outcome, found.why) == (Outcome.INVITED, Why.INVITED)
        assert found.decision is not None
        assert found.decision.program == "support-pilot"


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (Known(first_reason=Reason.STARTED, interviewed=True), Why.DECIDED_BEFORE),
        (Known(first_reason=Reason.BEFORE_LAUNCH, interviewed=True), Why.DECIDED_BEFORE),
        (Known(first_reason=Reason.JOB_CLOSED), Why.DECIDED_BEFORE),
        (Known(withdrew=True), Why.WITHDREW),
        (Known(first_reason=Reason.BEFORE_LAUNCH, withdrew=True), Why.WITHDREW),
    ],
)
def test_what_we_knew_stops_it(known: Known, why: Why) -> None:
    """One entry leads to one decision, and who withdrew is not asked in bulk."""
    assert judged(known=known) == Judgement(Outcome.SKIPPED, why)


def test_who_came_after_the_launch_is_left_to_the_triggers() -> None:
    """From the launch on (less what clocks may differ) it is not a backfill's business, unless we left them alone."""
    live = NOW + CLOCK_TOLERANCE
    assert judged(history=History(live_since=live)).why == Why.AFTER_LAUNCH
    assert judged(history=History(live_since=live + timedelta(seconds=1))).outcome is Outcome.INVITED
    left_alone = Known(first_reason=Reason.BEFORE_LAUNCH)
    assert judged(history=History(live_since=live), known=left_alone).outcome is Outcome.INVITED


def test_without_an_entry_time_nobody_is_left_out() -> None:
    """Where the ATS does not say when the stage was entered, standing there unseen is all there is to know."""
    assert judged(history=History(live_since=NOW), entry=StageEntryRef()).outcome is Outcome.INVITED


def test_unmapped_stages_are_held() -> None:
    """Nothing is guessed."""
    assert judged(stage=None) == Judgement(Outcome.HELD, Reason.STAGE_UNMAPPED)


def test_stages() -> None:
    """The program's stage, and of it perhaps only one of the customer's."""
    assert judged(stage=StageKind.OFFER).why == Why.OTHER_STAGE
    assert judged(stage=StageKind.HIRED).why == Reason.TERMINAL_STAGE
    for named in ("s1", "first  INTERVIEW"):
        assert judged(wish=Wish(program=program(), stage=named)).outcome is Outcome.INVITED
    elsewhere = Wish(program=program(), stage="Second Interview")
    assert judged(wish=elsewhere).why == Why.OTHER_STAGE
    assert judged(wish=elsewhere, stage=None).outcome is Outcome.SKIPPED


def test_the_triggers_own_reasons() -> None:
    """What keeps an ordinary entry from an interview keeps a backfill from it, with the same code."""
    assert judged(disposition=Disposition.REJECTED).why == Reason.HAS_DISPOSITION
    assert judged(job=job(status=JobStatus.CLOSED)).why == Reason.JOB_CLOSED
    assert judged(history=History(live_since=LIVE, open_interviews=1)).why == Reason.INTERVIEW_OPEN
    assert judged(history=History(live_since=LIVE, finished_interviews=1)).why == Reason.RE_ENTRY
    assert judged(wish=Wish(program=program(share=0.0))).why == Reason.OUTSIDE_SHARE
    assert judged(wish=Wish(program=program(paused=True))).why == Reason.PROGRAM_PAUSED


def test_caps_of_the_program() -> None:
    """No place today: later. No place at all: not."""
    capped = Wish(program=program(cap=Cap(total=5, per_day=2)))
    today = History(live_since=LIVE, started_total={"support-pilot": 4}, started_today={"support-pilot": 2})
    assert judged(wish=capped, history=today) == Judgement(Outcome.LATER, Reason.CAP_REACHED)
    full = History(live_since=LIVE, started_total={"support-pilot": 5}, started_today={"support-pilot": 2})
    assert judged(wish=capped, history=full) == Judgement(Outcome.SKIPPED, Reason.CAP_REACHED)


def test_an_earlier_program_of_the_file_comes_first() -> None:
    """A backfill takes nobody away from the program that an ordinary entry would have led to."""
    mine = program(key="second")
    assert judged(wish=Wish(program=mine), programs=(program(key="first"), mine)).why == Why.OTHER_PROGRAM
    closed = program(key="first", when=When(stage=FIRST, jobs=("something else",)))
    assert judged(wish=Wish(program=mine), programs=(closed, mine)).outcome is Outcome.INVITED


def test_every_reason_has_words() -> None:
    """Whatever is counted is explained to whoever asked."""
    never = {Reason.STARTED, Reason.BEFORE_LAUNCH, Reason.NO_PROGRAM, Reason.DUPLICATE, Reason.STAGE_NOT_IN_PROGRAM}
    assert {str(why) for why in Why} <= set(WORDS)
    assert {str(reason) for reason in Reason} - {str(reason) for reason in never} <= set(WORDS)
