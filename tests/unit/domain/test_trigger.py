"""Trigger decisions: each reason code, the order of checks, and a share that is stable."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.model import Application, Disposition, JobStatus, StageEntryRef, StageKind
from orchestrator.domain.program import Cap, Program, ReEntry, RoleFamily, When
from orchestrator.domain.trigger import CLOCK_TOLERANCE, History, Reason, TriggerDecision, Verdict, decide, in_share
from tests.unit.domain.samples import NOW, application, candidate, job, program

FIRST = StageKind.FIRST_INTERVIEW
FAMILIES = (RoleFamily(key="support", titles=("*Support*",)), RoleFamily(key="sales", departments=("Sales",)))


def _decide(
    app: Application | None = None,
    *programs: Program,
    stage: StageKind | None = FIRST,
    history: History | None = None,
) -> TriggerDecision:
    return decide(app or application(), stage, programs or (program(),), FAMILIES, history or History())


def _when(**conditions: tuple[str, ...]) -> Program:
    return program(when=When(stage=FIRST, **conditions))


BY_PROGRAM: list[tuple[Reason, Application, Program, History]] = [
    (Reason.NO_PROGRAM, application(), program(when=When(stage=StageKind.OFFER)), History()),
    (Reason.PROGRAM_PAUSED, application(), program(paused=True), History()),
    (Reason.ROLE_FAMILY_NOT_IN_PROGRAM, application(), _when(role_families=("sales",)), History()),
    (Reason.JOB_NOT_IN_PROGRAM, application(), _when(jobs=("j2", "Sales*")), History()),
    (Reason.DEPARTMENT_NOT_IN_PROGRAM, application(), _when(departments=("Sales",)), History()),
    (Reason.DEPARTMENT_NOT_IN_PROGRAM, application(job=job(department=None)), _when(departments=("*",)), History()),
    (Reason.LOCATION_NOT_IN_PROGRAM, application(), _when(locations=("York",)), History()),
    (Reason.SOURCE_NOT_IN_PROGRAM, application(), _when(sources=("Referral",)), History()),
    (Reason.JOB_CLOSED, application(job=job(status=JobStatus.CLOSED)), program(), History()),
    (Reason.JOB_CLOSED, application(job=job(status=JobStatus.DRAFT)), program(), History()),
    (Reason.NO_EMAIL, application(candidate=candidate(emails=())), program(), History()),
    (Reason.INTERVIEW_OPEN, application(), program(re_entry=ReEntry.AFTER_FINISHED), History(open_interviews=1)),
    (Reason.RE_ENTRY, application(), program(), History(finished_interviews=1)),
    (Reason.OUTSIDE_SHARE, application(), program(share=0.0), History()),
    (Reason.CAP_REACHED, application(), program(cap=Cap(total=2)), History(started_total={"support-pilot": 2})),
    (Reason.CAP_REACHED, application(), program(cap=Cap(per_day=1)), History(started_today={"support-pilot": 1})),
]


@pytest.mark.parametrize(("reason", "app", "rules", "history"), BY_PROGRAM, ids=lambda value: str(value)[:24])
def test_each_condition_has_its_reason(reason: Reason, app: Application, rules: Program, history: History) -> None:
    """One condition that fails, one reason code; the failed check is the last and the only one that failed."""
    decision = _decide(app, rules, history=history)
    assert (decision.verdict, decision.reason, decision.program) == (Verdict.SKIP, reason, "support-pilot")
    checks = decision.findings[0].checks
    assert [check.passed for check in checks] == [True] * (len(checks) - 1) + [False]
    assert checks[-1].wanted
    assert checks[-1].found


@pytest.mark.parametrize(
    ("reason", "verdict", "stage", "app", "history"),
    [
        (Reason.STAGE_UNMAPPED, Verdict.HOLD, None, application(), History()),
        *((Reason.TERMINAL_STAGE, Verdict.SKIP, kind, application(), History()) for kind in StageKind if kind.terminal),
        *(
            (Reason.HAS_DISPOSITION, Verdict.SKIP, FIRST, application(disposition=outcome), History())
            for outcome in Disposition
        ),
        (Reason.BEFORE_LAUNCH, Verdict.SKIP, FIRST, application(), History(live_since=NOW + timedelta(hours=1))),
    ],
    ids=str,
)
def test_what_no_program_needs_to_look_at(
    reason: Reason, verdict: Verdict, stage: StageKind | None, app: Application, history: History
) -> None:
    """An unknown stage is held; an ended application, and who stood there before the launch, are left alone."""
    assert _decide(app, stage=stage, history=history) == TriggerDecision(verdict, reason, None, ())


def test_every_reason_code_has_its_test() -> None:
    """The tables above know every code; DUPLICATE is given by intake, STAGE_NOT_IN_PROGRAM to single programs."""
    above = {row[0] for row in BY_PROGRAM} | {
        Reason.STAGE_UNMAPPED,
        Reason.TERMINAL_STAGE,
        Reason.HAS_DISPOSITION,
        Reason.BEFORE_LAUNCH,
    }
    assert set(Reason) - above == {Reason.STARTED, Reason.DUPLICATE, Reason.STAGE_NOT_IN_PROGRAM}
    assert _decide(None, program(when=When(stage=StageKind.OFFER))).findings[0].reason is Reason.STAGE_NOT_IN_PROGRAM


def test_all_conditions_met_starts() -> None:
    """With every condition set and met, the interview starts and every check says so."""
    rules = program(
        when=When(
            stage=FIRST,
            role_families=("support", "sales"),
            jobs=("j1",),
            departments=("SERVICE",),
            locations=("lee?s",),
            sources=("careers*",),
        ),
        cap=Cap(total=2, per_day=2),
        re_entry=ReEntry.AFTER_FINISHED,
    )
    history = History(
        live_since=NOW, finished_interviews=3, started_total={"support-pilot": 1}, started_today={"support-pilot": 1}
    )
    decision = _decide(None, rules, history=history)
    assert (decision.verdict, decision.reason, decision.program) == (Verdict.START, Reason.STARTED, "support-pilot")
    assert all(check.passed for check in decision.findings[0].checks)


def test_the_first_program_that_fires_wins() -> None:
    """Programs are asked in the order of the file; what the earlier ones said is kept, later ones are not asked."""
    decision = _decide(None, program(key="a", paused=True), program(key="b"), program(key="c"))
    assert decision.program == "b"
    assert [(f.program, f.reason) for f in decision.findings] == [
        ("a", Reason.PROGRAM_PAUSED),
        ("b", Reason.STARTED),
    ]


def test_the_program_that_came_furthest_explains_why_nothing_started() -> None:
    """The reason shown is the nearest miss, not the first one."""
    far, near = program(key="far", when=When(stage=StageKind.OFFER)), program(key="near", share=0.0)
    decision = _decide(None, far, near)
    assert (decision.reason, decision.program) == (Reason.OUTSIDE_SHARE, "near")


def test_without_programs_nothing_starts() -> None:
    """A connection without programs answers so."""
    assert decide(application(), FIRST, (), (), History()) == TriggerDecision(Verdict.SKIP, Reason.NO_PROGRAM, None, ())


@pytest.mark.parametrize(
    ("live_since", "entered_at", "reason"),
    [
        (NOW, NOW - CLOCK_TOLERANCE, Reason.STARTED),
        (NOW, NOW - CLOCK_TOLERANCE - timedelta(seconds=1), Reason.BEFORE_LAUNCH),
        (None, NOW - timedelta(days=900), Reason.STARTED),
        (NOW, None, Reason.BEFORE_LAUNCH),
    ],
)
def test_launch_with_a_slow_clock(live_since: object, entered_at: object, reason: Reason) -> None:
    """The clock of an ATS may be five minutes behind; without a launch nothing is too old, and without a time all may be."""
    app = application(entry=StageEntryRef(entered_at=entered_at))  # type: ignore[arg-type]  # a datetime or None, see above
    assert _decide(app, history=History(live_since=live_since)).reason is reason  # type: ignore[arg-type]  # the same


@given(st.text(max_size=20), st.text(max_size=20), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_who_was_in(key: str, app: str, one: float, other: float) -> None:
    """The share is stable and monotone: 0 takes nobody, 1 everybody, more takes at least the same."""
    small, large = sorted((one, other))
    assert not in_share(key, app, 0.0)
    assert in_share(key, app, 1.0)
    assert in_share(key, app, large) or not in_share(key, app, small)
    assert in_share(key, app, one) is in_share(key, app, one)


def test_a_share_takes_about_its_part() -> None:
    """A quarter of many candidates is about a quarter, and another program chooses others."""
    chosen = {n for n in range(4000) if in_share("p", f"a{n}", 0.25)}
    others = {n for n in range(4000) if in_share("q", f"a{n}", 0.25)}
    assert 900 < len(chosen) < 1100
    assert 180 < len(chosen & others) < 320
    assert (
        in_share("p", "a0", 0.25) is False
    )  # the hash is part of what is promised: it must not change between versions
