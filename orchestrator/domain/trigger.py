"""Trigger decisions: start an interview, or not, with the reasons for and against in reason codes.

``decide`` looks at every program in the order of the file. The first that fires wins; for the others the first check
that failed is kept, so that anyone can read why an event did or did not start an interview.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from adapters.contract.model import Application, JobStatus, StageKind
from orchestrator.domain.program import Program, ReEntry, RoleFamily, matches_any

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the clock of an ATS may be behind ours without a fresh stage entry looking old."""


class Verdict(StrEnum):
    """What was decided about one stage entry."""

    START = "start"
    SKIP = "skip"
    HOLD = "hold"


class Reason(StrEnum):
    """Reason codes. Stable: they are stored, shown and counted."""

    STARTED = "started"
    STAGE_UNMAPPED = "stage_unmapped"
    TERMINAL_STAGE = "terminal_stage"
    HAS_DISPOSITION = "has_disposition"
    BEFORE_LAUNCH = "before_launch"
    NO_PROGRAM = "no_program"
    DUPLICATE = "duplicate"
    PROGRAM_PAUSED = "program_paused"
    STAGE_NOT_IN_PROGRAM = "stage_not_in_program"
    ROLE_FAMILY_NOT_IN_PROGRAM = "role_family_not_in_program"
    JOB_NOT_IN_PROGRAM = "job_not_in_program"
    DEPARTMENT_NOT_IN_PROGRAM = "department_not_in_program"
    LOCATION_NOT_IN_PROGRAM = "location_not_in_program"
    SOURCE_NOT_IN_PROGRAM = "source_not_in_program"
    JOB_CLOSED = "job_closed"
    NO_EMAIL = "no_email"
    RE_ENTRY = "re_entry"
    INTERVIEW_OPEN = "interview_open"
    OUTSIDE_SHARE = "outside_share"
    CAP_REACHED = "cap_reached"


_OF_AN_ORDER = frozenset(
    {
        Reason.PROGRAM_PAUSED,
        Reason.JOB_CLOSED,
        Reason.NO_EMAIL,
        Reason.INTERVIEW_OPEN,
        Reason.RE_ENTRY,
        Reason.CAP_REACHED,
    }
)
"""What is looked at where a recruiter, and not a stage, said who is interviewed."""


class Check(Struct, frozen=True):
    """One condition that was looked at."""

    rule: str
    passed: bool
    wanted: str
    found: str


class ProgramFinding(Struct, frozen=True):
    """What one program said: ``reason`` is STARTED or the code of the first check that failed."""

    program: str
    reason: Reason
    checks: tuple[Check, ...]


class TriggerDecision(Struct, frozen=True):
    """The decision about one stage entry, with everything needed to explain it."""

    verdict: Verdict
    reason: Reason
    program: str | None
    findings: tuple[ProgramFinding, ...]


class Evidence(Struct, frozen=True, kw_only=True):
    """What speaks for a stage entry being newer than the launch, where the ATS does not say when it was.

    ``seen_elsewhere``: we saw the application in another stage, or in another visit of this one. ``moves``: what
    verified deliveries said of a move of this application, each with the time at which the vendor says it happened, None
    where it does not say.
    """

    seen_elsewhere: bool = False
    moves: tuple[datetime | None, ...] = ()

    def newer_than(self, launch: datetime) -> bool:
        """Whether one of them is enough. That somebody merely stands there, as a poll finds them, is not."""
        moved = any(at is None or at >= launch - CLOCK_TOLERANCE for at in self.moves)
        return self.seen_elsewhere or moved


class History(Struct, frozen=True, kw_only=True):
    """What happened before: interviews of this application, and what the programs have started."""

    live_since: datetime | None = None
    evidence: Evidence = Evidence()
    open_interviews: int = 0
    finished_interviews: int = 0
    started_total: Mapping[str, int] = {}
    started_today: Mapping[str, int] = {}


def decide(
    application: Application,
    stage: StageKind | None,
    programs: Sequence[Program],
    families: Sequence[RoleFamily],
    history: History,
) -> TriggerDecision:
    """Decide about a stage entry that has not been seen before."""
    if stage is None:
        return TriggerDecision(Verdict.HOLD, Reason.STAGE_UNMAPPED, None, ())
    if stage.terminal:
        return TriggerDecision(Verdict.SKIP, Reason.TERMINAL_STAGE, None, ())
    if application.disposition is not None:
        return TriggerDecision(Verdict.SKIP, Reason.HAS_DISPOSITION, None, ())
    if _before_launch(application, history):
        return TriggerDecision(Verdict.SKIP, Reason.BEFORE_LAUNCH, None, ())
    findings: list[ProgramFinding] = []
    for program in programs:
        finding = examine(program, application, stage, families, history)
        findings.append(finding)
        if finding.reason is Reason.STARTED:
            return TriggerDecision(Verdict.START, Reason.STARTED, program.key, tuple(findings))
    # The program that came furthest explains best why nothing started.
    best = max(findings, key=lambda finding: len(finding.checks), default=None)
    reason = Reason.NO_PROGRAM if best is None or best.reason is Reason.STAGE_NOT_IN_PROGRAM else best.reason
    return TriggerDecision(Verdict.SKIP, reason, best.program if best else None, tuple(findings))


def decide_order(application: Application, stage: StageKind, program: Program, history: History) -> TriggerDecision:
    """Decide about an interview that a recruiter ordered: the order takes the place of ``when`` and of the share."""
    if stage.terminal:
        return TriggerDecision(Verdict.SKIP, Reason.TERMINAL_STAGE, None, ())
    if application.disposition is not None:
        return TriggerDecision(Verdict.SKIP, Reason.HAS_DISPOSITION, None, ())
    checks: list[Check] = []
    found = Reason.STARTED
    for reason, check in _checks(program, application, stage, (), history):
        if reason in _OF_AN_ORDER:
            checks.append(check)
            if not check.passed:
                found = reason
                break
    verdict = Verdict.START if found is Reason.STARTED else Verdict.SKIP
    return TriggerDecision(verdict, found, program.key, (ProgramFinding(program.key, found, tuple(checks)),))


def examine(
    program: Program,
    application: Application,
    stage: StageKind,
    families: Sequence[RoleFamily],
    history: History,
) -> ProgramFinding:
    """Run the checks of one program until one fails."""
    checks: list[Check] = []
    for reason, check in _checks(program, application, stage, families, history):
        checks.append(check)
        if not check.passed:
            return ProgramFinding(program.key, reason, tuple(checks))
    return ProgramFinding(program.key, Reason.STARTED, tuple(checks))


def in_share(program_key: str, application_id: str, share: float) -> bool:
    """Choose by stable hash: the same application always gets the same answer, and a larger share keeps who was in."""
    digest = hashlib.sha256(f"{program_key}\n{application_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < share


def _before_launch(application: Application, history: History) -> bool:
    """Who may have stood in the stage before the connection went live is left to a backfill, started on purpose."""
    if history.live_since is None:
        return False
    earliest = history.live_since - CLOCK_TOLERANCE
    entered, applied = application.entry.entered_at, application.applied_at
    if entered is not None:
        return entered < earliest
    # Who applied since then entered every stage since then.
    if applied is not None and applied >= earliest:
        return False
    return not history.evidence.newer_than(history.live_since)


def _checks(
    program: Program,
    application: Application,
    stage: StageKind,
    families: Sequence[RoleFamily],
    history: History,
) -> list[tuple[Reason, Check]]:
    when, job = program.when, application.job
    held = tuple(family.key for family in families if family.holds(job))
    total, today = history.started_total.get(program.key, 0), history.started_today.get(program.key, 0)
    cap = program.cap
    return [
        (Reason.STAGE_NOT_IN_PROGRAM, Check("stage", stage is when.stage, when.stage, stage)),
        (
            Reason.PROGRAM_PAUSED,
            Check("paused", not program.paused, "running", "paused" if program.paused else "running"),
        ),
        (
            Reason.ROLE_FAMILY_NOT_IN_PROGRAM,
            Check(
                "role_family",
                not when.role_families or bool(set(held) & set(when.role_families)),
                _any_of(when.role_families),
                ", ".join(held) or "none",
            ),
        ),
        (
            Reason.JOB_NOT_IN_PROGRAM,
            Check(
                "job",
                not when.jobs or matches_any(when.jobs, job.id) or matches_any(when.jobs, job.title),
                _any_of(when.jobs),
                f"{job.title} ({job.id})",
            ),
        ),
        (Reason.DEPARTMENT_NOT_IN_PROGRAM, _listed("department", when.departments, job.department)),
        (Reason.LOCATION_NOT_IN_PROGRAM, _listed("location", when.locations, job.location)),
        (Reason.SOURCE_NOT_IN_PROGRAM, _listed("source", when.sources, application.source)),
        (Reason.JOB_CLOSED, Check("job_status", job.status is JobStatus.OPEN, JobStatus.OPEN, job.status)),
        (
            Reason.NO_EMAIL,
            Check(
                "email", bool(application.candidate.emails), "an address", f"{len(application.candidate.emails)} known"
            ),
        ),
        (
            Reason.INTERVIEW_OPEN,
            Check("open_interview", history.open_interviews == 0, "none open", f"{history.open_interviews} open"),
        ),
        (
            Reason.RE_ENTRY,
            Check(
                "re_entry",
                history.finished_interviews == 0 or program.re_entry is ReEntry.AFTER_FINISHED,
                program.re_entry,
                f"{history.finished_interviews} earlier",
            ),
        ),
        (
            Reason.OUTSIDE_SHARE,
            Check(
                "share", in_share(program.key, application.id, program.share), f"{program.share:g}", "by stable hash"
            ),
        ),
        (
            Reason.CAP_REACHED,
            Check(
                "cap",
                (cap.total is None or total < cap.total) and (cap.per_day is None or today < cap.per_day),
                f"total {cap.total or 'any'}, per day {cap.per_day or 'any'}",
                f"total {total}, today {today}",
            ),
        ),
    ]


def _listed(rule: str, patterns: tuple[str, ...], value: str | None) -> Check:
    return Check(rule, not patterns or matches_any(patterns, value), _any_of(patterns), value or "none")


def _any_of(values: tuple[str, ...]) -> str:
    return " or ".join(values) or "any"
