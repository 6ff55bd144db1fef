"""The timeline of an application: event, decision with its reason, interview, score, review, write-back. Pure."""

from collections.abc import Iterable

from orchestrator.db.models.scoring import DecisionVerdict, ScorecardRow
from orchestrator.db.models.writeback import Direction
from orchestrator.db.repositories.operations import History
from orchestrator.domain.followups import FollowUpReason
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.trigger import ProgramFinding, Reason
from orchestrator.services.views import TimelineItem

_STEPS = {
    "Start": "Interview started",
    "Consent": "Candidate agreed to the notice and began",
    "Submit": "Candidate handed in",
    "AskForAlternative": "Candidate asked for an adjustment or a person",
    "Withdraw": "Candidate withdrew",
    "Expire": "The link ran out",
    "Cancel": "Cancelled: the application left the stage, or the order was taken back",
    "Reopen": "Opened again with a new link",
    "AskAgain": "Asked once more, with a new link",
    "HandOver": "A person takes over",
    "SendToReview": "Sent to a person for review",
    "Finalise": "Result final",
    "Close": "Closed without a score",
}

_FOLLOW_UPS = {
    FollowUpReason.MISSING: "no answer had shown what it asks for",
    FollowUpReason.ENOUGH_ASKED: "as many as the interview allows had been asked",
    FollowUpReason.NOTHING_TO_ADD: "the candidate had nothing to add",
    FollowUpReason.PASSED_OVER: "the candidate passed one over",
    FollowUpReason.NOTHING_MISSING: "the answers had shown something of all that could be asked for",
    FollowUpReason.MODEL_SAW_NOTHING_MISSING: "the model found that none was needed",
}


def timeline_items(history: History) -> tuple[TimelineItem, ...]:
    """Every item in the order of time; what happened in one moment stands in the order of cause and effect.

    Left out, because another item says it: successful pulls (the sync log has them), decisions about a delivery that
    told nothing new, and attempts that were followed by their outcome.
    """
    items = [
        *_events(history),
        *_decisions(history),
        *_scores(history),
        *_verdicts(history),
        *_steps(history),
        *_follow_ups(history),
        *_cases(history),
        *_writes(history),
    ]
    return tuple(sorted(items, key=lambda item: item.at))


def _events(history: History) -> Iterable[TimelineItem]:
    for row in history.deliveries:
        times = f", received {row.times_received} times" if row.times_received > 1 else ""
        yield TimelineItem(
            at=row.received_at,
            kind="event",
            title=f"Delivery by {row.source.value}",
            detail=f"{row.outcome or 'not processed yet'}{times}",
        )
    for order in history.orders:
        reason = f": {order.reason}" if order.reason else ""
        yield TimelineItem(
            at=order.received_at,
            kind="event",
            title="Ordered in the ATS",
            detail=f"{order.state.value}{reason} ({order.program_key})",
        )
    for sync in history.sync:
        if sync.direction is Direction.PULL and sync.outcome == "ok":
            continue
        yield TimelineItem(
            at=sync.at,
            kind="sync",
            title=f"{sync.direction.value.capitalize()}: {sync.operation.replace('_', ' ')}",
            detail=f"{sync.outcome} in {sync.duration_ms:.0f} ms{': ' + sync.detail if sync.detail else ''}",
            facts=(("Fields", ", ".join(sync.fields)),) if sync.fields else (),
        )
    for mail in history.mails:
        yield TimelineItem(at=mail.at, kind="mail", title=f"Mail sent: {mail.event.details.get('template')}", detail="")


def _decisions(history: History) -> Iterable[TimelineItem]:
    for row in history.decisions:
        if row.reason is Reason.DUPLICATE:
            continue
        program = f" ({row.program})" if row.program else ""
        yield TimelineItem(
            at=row.at,
            kind="decision",
            title=f"Trigger: {row.verdict.value}",
            detail=f"{row.reason.value}{program}",
            facts=tuple(fact for finding in row.decision.findings for fact in _facts(finding)),
        )


def _facts(finding: ProgramFinding) -> Iterable[tuple[str, str]]:
    for check in finding.checks:
        verdict = "met" if check.passed else "not met"
        yield f"{finding.program}: {check.rule}", f"{verdict}; wanted {check.wanted}, found {check.found}"


def _steps(history: History) -> Iterable[TimelineItem]:
    for row in history.transitions:
        yield TimelineItem(
            at=row.at,
            kind="interview",
            title=_STEPS.get(row.command, row.command),
            detail=f"{row.before.value if row.before else 'new'} → {row.after.value}",
            facts=(("By", row.actor.partition(":")[0]), ("Rubric", row.rubric_hash[:12])),
        )


def _follow_ups(history: History) -> Iterable[TimelineItem]:
    for row in history.follow_ups:
        missing = (("Not shown yet", ", ".join(row.missing)),) if row.missing else ()
        yield TimelineItem(
            at=row.decided_at,
            kind="interview",
            title=f"Follow-up asked: {row.probe_id}" if row.probe_id else "No further follow-up",
            detail=_FOLLOW_UPS[row.reason],
            facts=(("Question", row.question_id), *missing),
        )


def _scores(history: History) -> Iterable[TimelineItem]:
    for row in history.scorecards:
        aggregate = f"{row.card.aggregate:.2f} of 5" if row.card.aggregate is not None else "no number"
        yield TimelineItem(
            at=row.created_at,
            kind="score",
            title=f"{'Earlier attempt, scored' if _begun_again(history, row) else 'Scored'} by {row.card.rater.name}",
            detail=f"{row.card.band.replace('_', ' ')}, {aggregate}{', provisional' if row.card.provisional else ''}",
            facts=(("Reasons for review", ", ".join(row.reasons) or "none"),),
        )


def _begun_again(history: History, row: ScorecardRow) -> bool:
    """Whether the interview was opened again after this score: another one counts, or will."""
    return any(
        step.after is InterviewState.INVITED and step.interview_id == row.interview_id and step.at > row.created_at
        for step in history.transitions
    )


def _cases(history: History) -> Iterable[TimelineItem]:
    for case in history.cases:
        yield TimelineItem(
            at=case.opened_at,
            kind="review",
            title=f"Case opened: {case.kind.value}",
            detail=", ".join(case.reasons),
            facts=(("State", case.state.value),),
        )


def _verdicts(history: History) -> Iterable[TimelineItem]:
    for verdict in history.verdicts:
        # What was agreed about an adjustment is private and must not stand beside scores.
        private = verdict.verdict in {DecisionVerdict.CONTINUE, DecisionVerdict.HAND_OVER}
        yield TimelineItem(
            at=verdict.decided_at,
            kind="review",
            title=f"Decided by {verdict.actor_name}: {verdict.verdict.value.replace('_', ' ')}",
            detail="" if private else verdict.reason,
            facts=(("Band", verdict.band),) if verdict.band else (),
        )


def _writes(history: History) -> Iterable[TimelineItem]:
    names = {row.id: row for row in history.write_backs}
    for attempt in history.attempts:
        if attempt.outcome == "sent":
            continue
        row = names[attempt.write_back_id]
        yield TimelineItem(
            at=attempt.at,
            kind="write-back",
            title=f"Write-back of {row.kind.value}: {attempt.outcome}",
            detail=attempt.detail,
            facts=(("Fields", ", ".join(row.fields)), ("Number", str(row.sequence))),
        )
