"""Backfill: people who stood in a trigger stage before the connection went live, asked for on purpose by a person.

``judge`` asks what the trigger would say had the stage been entered today, and adds what only a backfill must look at.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from adapters.contract.model import Application, StageKind
from orchestrator.domain.program import Program, RoleFamily
from orchestrator.domain.stage import normal_name
from orchestrator.domain.trigger import CLOCK_TOLERANCE, History, Reason, TriggerDecision, Verdict, decide


class Outcome(StrEnum):
    """What a backfill does with one application."""

    INVITED = "invited"
    HELD = "held"  # a person must map the stage first
    SKIPPED = "skipped"
    LATER = "later"  # the program's places of today are taken


class Why(StrEnum):
    """Reasons of a backfill alone. Every other reason is one of the trigger's. Stable: they are stored and counted."""

    INVITED = "invited"
    OTHER_STAGE = "other_stage"
    OTHER_PROGRAM = "other_program"
    AFTER_LAUNCH = "after_launch"
    DECIDED_BEFORE = "decided_before"
    WITHDREW = "withdrew"
    GONE = "gone"
    UNREADABLE = "unreadable"
    BACKFILL_CAP = "backfill_cap"


WORDS: Mapping[str, str] = {
    Why.INVITED: "would be, or was, invited",
    Why.OTHER_STAGE: "stands in another stage",
    Why.OTHER_PROGRAM: "an earlier program of the file would take them",
    Why.AFTER_LAUNCH: "entered the stage after the connection went live; the ordinary triggers see to it",
    Why.DECIDED_BEFORE: "an interview was started, or decided against, for this entry already",
    Why.WITHDREW: "withdrew from an interview before, or did not agree to it; nobody is asked again in bulk",
    Why.GONE: "the ATS has no such application any more",
    Why.UNREADABLE: "the ATS's answer could not be read, or the permission is missing",
    Why.BACKFILL_CAP: "beyond the cap of this backfill",
    Reason.STAGE_UNMAPPED: "nobody has said what this stage is; see the quarantine",
    Reason.TERMINAL_STAGE: "the application has ended",
    Reason.HAS_DISPOSITION: "the outcome is known",
    Reason.PROGRAM_PAUSED: "the program is paused",
    Reason.ROLE_FAMILY_NOT_IN_PROGRAM: "the job belongs to another role family",
    Reason.JOB_NOT_IN_PROGRAM: "the program does not name this job",
    Reason.DEPARTMENT_NOT_IN_PROGRAM: "the program does not name this department",
    Reason.LOCATION_NOT_IN_PROGRAM: "the program does not name this place",
    Reason.SOURCE_NOT_IN_PROGRAM: "the program does not name this source",
    Reason.JOB_CLOSED: "nobody is hired for this job any more",
    Reason.NO_EMAIL: "there is no address to invite",
    Reason.INTERVIEW_OPEN: "an interview is under way",
    Reason.RE_ENTRY: "there was an interview, and the program asks nobody twice",
    Reason.OUTSIDE_SHARE: "outside the pilot's share",
    Reason.CAP_REACHED: "the program's places are taken",
}
"""Each reason for people."""


class Wish(Struct, frozen=True, kw_only=True):
    """What somebody asked for: the program, perhaps one of the customer's stages (id or name) alone."""

    program: Program
    stage: str | None = None


class Known(Struct, frozen=True, kw_only=True):
    """What we knew of the application before.

    ``first_reason`` is what was decided first about the stage entry it stands in, None where that was never seen;
    ``interviewed`` whether that entry has an interview; ``withdrew`` whether the person ever withdrew.
    """

    first_reason: Reason | None = None
    interviewed: bool = False
    withdrew: bool = False


class Judgement(Struct, frozen=True):
    """What is to be done, why (a code of ``Why`` or of the trigger), and the trigger's own decision where it was asked."""

    outcome: Outcome
    why: str
    decision: TriggerDecision | None = None


def judge(
    wish: Wish,
    application: Application,
    stage: StageKind | None,
    programs: Sequence[Program],
    families: Sequence[RoleFamily],
    history: History,
    known: Known,
) -> Judgement:
    """Say what becomes of one application. ``programs`` are all of the connection, in the order of the file."""
    early = _at_a_glance(wish, application, stage, history, known)
    if early is not None:
        return early
    decision = decide(application, stage, programs, families, replace(history, live_since=None))
    if decision.verdict is Verdict.START:
        mine = decision.program == wish.program.key
        return Judgement(Outcome.INVITED, Why.INVITED, decision) if mine else _skip(Why.OTHER_PROGRAM)
    reason = next((f.reason for f in decision.findings if f.program == wish.program.key), decision.reason)
    if reason is Reason.CAP_REACHED and not _full(wish.program, history):
        return Judgement(Outcome.LATER, reason)
    return _skip(reason)


def _at_a_glance(
    wish: Wish, application: Application, stage: StageKind | None, history: History, known: Known
) -> Judgement | None:
    """What can be said without asking the trigger; nothing of such an application is kept."""
    if wish.stage is not None and not _is_stage(wish.stage, application):
        return _skip(Why.OTHER_STAGE)
    if stage is None:
        return Judgement(Outcome.HELD, Reason.STAGE_UNMAPPED)
    if stage is not wish.program.when.stage:
        return _skip(Reason.TERMINAL_STAGE if stage.terminal else Why.OTHER_STAGE)
    why = _not_early(application, history, known)
    return None if why is None else _skip(why)


def _not_early(application: Application, history: History, known: Known) -> Why | None:
    if known.withdrew:
        return Why.WITHDREW
    if known.interviewed or known.first_reason not in {None, Reason.BEFORE_LAUNCH}:
        return Why.DECIDED_BEFORE
    if known.first_reason is None and entered_since(application, history.live_since):
        return Why.AFTER_LAUNCH
    return None


def entered_since(application: Application, live_since: datetime | None) -> bool:
    """Whether the ATS says that the stage was entered when the connection was live already."""
    entered = application.entry.entered_at
    return entered is not None and live_since is not None and entered >= live_since - CLOCK_TOLERANCE


def _is_stage(wanted: str, application: Application) -> bool:
    return wanted == application.stage.id or normal_name(wanted) == normal_name(application.stage.name)


def _full(program: Program, history: History) -> bool:
    total = program.cap.total
    return total is not None and history.started_total.get(program.key, 0) >= total


def _skip(why: str) -> Judgement:
    return Judgement(Outcome.SKIPPED, why)
