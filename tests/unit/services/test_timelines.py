"""The timeline of an application: everything that is stored, in the order of time."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters.contract.model import StageKind
from orchestrator.db.models.application import ApplicationRow, TriggerDecisionRow
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.follow_up import FollowUpRow
from orchestrator.db.models.intake import DeliveryRow, DeliverySource
from orchestrator.db.models.interview import TransitionRow
from orchestrator.db.models.scoring import CaseKind, CaseRow, CaseState, DecisionRow, DecisionVerdict, ScorecardRow
from orchestrator.db.models.writeback import Direction, SyncRow, WriteBackAttemptRow, WriteBackKind, WriteBackRow
from orchestrator.db.repositories.operations import History
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.followups import FollowUpReason
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.states_page import COMMANDS
from orchestrator.domain.trigger import History as Past
from orchestrator.domain.trigger import Reason, TriggerDecision, Verdict, decide
from orchestrator.services.timelines import _STEPS, timeline_items
from orchestrator.services.views import TimelineItem
from tests.unit.domain.samples import NOW, application, program, scorecard


def _at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def _items(**rows: Sequence[Any]) -> tuple[TimelineItem, ...]:
    empty: dict[str, Sequence[Any]] = {name: () for name in History._fields if name != "application"}
    return timeline_items(History(application=ApplicationRow(), **(empty | rows)))


def _transition(command: str, before: InterviewState | None, minutes: int) -> TransitionRow:
    return TransitionRow(
        at=_at(minutes),
        actor="account:12",
        command=command,
        before=before,
        after=InterviewState.INVITED,
        rubric_hash="abcdef" * 10,
    )


def test_nothing_stored_nothing_shown() -> None:
    """An application without a history has an empty timeline."""
    assert _items() == ()


def test_items_come_in_the_order_of_time() -> None:
    """Whatever kind they are of, earlier things stand first."""
    late = DeliveryRow(source=DeliverySource.POLL, received_at=_at(9), times_received=1, outcome=None)
    items = _items(deliveries=[late], transitions=[_transition("Consent", InterviewState.INVITED, 3)])
    assert [item.at for item in items] == [_at(3), _at(9)]


def test_deliveries_exchanges_and_mails() -> None:
    """Repeats are counted, field names are listed, and a mail names its template, never an address."""
    items = _items(
        deliveries=[
            DeliveryRow(source=DeliverySource.WEBHOOK, received_at=_at(0), times_received=3, outcome="start: started"),
            DeliveryRow(source=DeliverySource.POLL, received_at=_at(1), times_received=1, outcome=None),
        ],
        sync=[
            SyncRow(
                at=_at(2),
                direction=Direction.PUSH,
                operation="write_fields",
                fields=["a", "b"],
                duration_ms=12.4,
                outcome="Timeout",
                detail="no answer",
            ),
            SyncRow(
                at=_at(3),
                direction=Direction.PULL,
                operation="read_application",
                fields=[],
                duration_ms=3.0,
                outcome="Unavailable",
                detail="",
            ),
        ],
        mails=[
            AuditRow(
                at=_at(4),
                event=AuditEvent(
                    at=_at(4), actor="system", tag="system:mail:sent", subject="i", details={"template": "invitation"}
                ),
            )
        ],
    )
    assert [(item.title, item.detail) for item in items] == [
        ("Delivery by webhook", "start: started, received 3 times"),
        ("Delivery by poll", "not processed yet"),
        ("Push: write fields", "Timeout in 12 ms: no answer"),
        ("Pull: read application", "Unavailable in 3 ms"),
        ("Mail sent: invitation", ""),
    ]
    assert [item.facts for item in items[2:4]] == [(("Fields", "a, b"),), ()]


def test_what_another_item_says_is_left_out() -> None:
    """Pulls that went well, decisions about nothing new, and the sending before its outcome are not told again."""
    write = WriteBackRow(id=uuid.UUID(int=5), kind=WriteBackKind.RESULT, fields={}, sequence=1)
    pull = SyncRow(
        at=_at(0), direction=Direction.PULL, operation="x", fields=[], duration_ms=1, outcome="ok", detail=""
    )
    push = SyncRow(
        at=_at(1), direction=Direction.PUSH, operation="x", fields=[], duration_ms=1, outcome="ok", detail=""
    )
    duplicate = TriggerDecision(Verdict.SKIP, Reason.DUPLICATE, None, ())
    items = _items(
        sync=[pull, push],
        decisions=[
            TriggerDecisionRow(
                at=_at(2), verdict=Verdict.SKIP, reason=Reason.DUPLICATE, program=None, decision=duplicate
            )
        ],
        write_backs=[write],
        attempts=[WriteBackAttemptRow(write_back_id=write.id, at=_at(3), outcome="sent", detail="")],
    )
    assert [item.title for item in items] == ["Push: x"]


def test_what_a_candidate_asked_for_stays_between_the_people_concerned() -> None:
    """The answer to a request for an adjustment may tell of health: its words are not on the timeline."""
    (item,) = _items(
        verdicts=[
            DecisionRow(
                decided_at=_at(0), actor_name="Dana", verdict=DecisionVerdict.CONTINUE, reason="More time.", band=None
            )
        ]
    )
    assert (item.title, item.detail) == ("Decided by Dana: continue", "")


def test_a_decision_shows_every_check() -> None:
    """Why an interview did not start can be read check by check."""
    decision = decide(application(), StageKind.FIRST_INTERVIEW, (program(share=0.0),), (), Past())
    stored = {"verdict": decision.verdict, "reason": decision.reason, "decision": decision}
    named = TriggerDecisionRow(at=_at(0), program=decision.program, **stored)
    plain = TriggerDecisionRow(at=_at(1), program=None, **stored)
    first, second = _items(decisions=[named, plain])
    assert (first.title, first.detail) == ("Trigger: skip", "outside_share (support-pilot)")
    assert second.detail == "outside_share"
    assert first.facts[0] == ("support-pilot: stage", "met; wanted first_interview, found first_interview")
    assert first.facts[-1] == ("support-pilot: share", "not met; wanted 0, found by stable hash")


def test_every_step_has_words() -> None:
    """Each command of the state machine is told in plain words; one from another version is shown as it is."""
    assert set(_STEPS) == {"Start", *(type(command).__name__ for command in COMMANDS)}
    start, other = _items(
        transitions=[_transition("Start", None, 0), _transition("Teleport", InterviewState.PAUSED, 1)]
    )
    assert (start.title, start.detail) == ("Interview started", "new → invited")
    assert (other.title, other.detail) == ("Teleport", "paused → invited")
    assert start.facts == (("By", "account"), ("Rubric", "abcdefabcdef"))


def test_follow_ups_stand_among_the_steps() -> None:
    """What was asked and what was missing, or why nothing more was; every reason has words, and none is the candidate's."""
    asked = FollowUpRow(
        question_id="cause",
        place=1,
        probe_id="how-known",
        reason=FollowUpReason.MISSING,
        missing=("later-check", "prevention"),
        decided_at=_at(1),
    )
    first = _items(follow_ups=[asked], transitions=[_transition("Submit", InterviewState.IN_PROGRESS, 2)])[0]
    assert (first.kind, first.title) == ("interview", "Follow-up asked: how-known")
    assert first.detail == "no answer had shown what it asks for"
    assert first.facts == (("Question", "cause"), ("Not shown yet", "later-check, prevention"))
    for reason in set(FollowUpReason) - {FollowUpReason.MISSING}:
        row = FollowUpRow(question_id="cause", place=1, probe_id=None, reason=reason, missing=(), decided_at=_at(1))
        (item,) = _items(follow_ups=[row])
        assert (item.title, item.facts) == ("No further follow-up", (("Question", "cause"),))
        assert item.detail


def test_a_score_of_an_earlier_attempt_says_so() -> None:
    """Once the interview began again, for whatever reason, what was scored before is marked; what comes after is not."""
    cards = [ScorecardRow(created_at=_at(minutes), card=scorecard(), reasons=[]) for minutes in (1, 9)]
    steps = [_transition("AskAgain", InterviewState.IN_REVIEW, 5)]
    titles = [item.title for item in _items(scorecards=cards, transitions=steps) if item.kind == "score"]
    assert titles == ["Earlier attempt, scored by model", "Scored by model"]


def test_scores_reviews_and_writes() -> None:
    """Who scored and decided, with which doubts, and what was written where."""
    write = WriteBackRow(id=uuid.UUID(int=5), kind=WriteBackKind.RESULT, fields={"f_band": "x"}, sequence=2)
    items = _items(
        scorecards=[
            ScorecardRow(created_at=_at(0), card=scorecard(provisional=True), reasons=["policy"]),
            ScorecardRow(created_at=_at(1), card=scorecard(aggregate=None, band="not_enough"), reasons=[]),
        ],
        cases=[
            CaseRow(opened_at=_at(2), kind=CaseKind.RESULT, state=CaseState.DECIDED, reasons=["policy", "borderline"])
        ],
        verdicts=[
            DecisionRow(
                decided_at=_at(3), actor_name="Dana", verdict=DecisionVerdict.CONFIRM, reason="Clear.", band="mixed"
            ),
            DecisionRow(
                decided_at=_at(4), actor_name="Dana", verdict=DecisionVerdict.CLOSE_UNSCORED, reason="Gone.", band=None
            ),
        ],
        write_backs=[write],
        attempts=[WriteBackAttemptRow(write_back_id=write.id, at=_at(5), outcome="written", detail="f_band")],
    )
    assert [(item.title, item.detail, item.facts) for item in items] == [
        ("Scored by model", "mixed, 3.00 of 5, provisional", (("Reasons for review", "policy"),)),
        ("Scored by model", "not enough, no number", (("Reasons for review", "none"),)),
        ("Case opened: result", "policy, borderline", (("State", "decided"),)),
        ("Decided by Dana: confirm", "Clear.", (("Band", "mixed"),)),
        ("Decided by Dana: close unscored", "Gone.", ()),
        ("Write-back of result: written", "f_band", (("Fields", "f_band"), ("Number", "2"))),
    ]
