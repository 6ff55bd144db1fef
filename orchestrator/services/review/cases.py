"""A case, or a result, as somebody of the team sees it: what they may see already, and what is decided so far."""

import uuid
from collections.abc import Sequence

from msgspec import structs

from orchestrator.db.models.adoption import AdoptionRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.reopening import ReopeningRow
from orchestrator.db.models.scoring import (
    CaseKind,
    CaseRow,
    CaseState,
    HeldDecisionRow,
    HeldState,
    ResultRow,
    ScorecardRow,
)
from orchestrator.db.repositories import adoptions, interviews, reopenings, review_desk, scoring
from orchestrator.db.repositories.review_desk import Live, Person
from orchestrator.db.session import Transaction
from orchestrator.domain.review import reads_blind
from orchestrator.domain.transcript import Transcript
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.services.cards import band_choices, card_view, decision_view, held_view, turn_views
from orchestrator.services.review.asking_again import can_ask
from orchestrator.services.views import (
    Account,
    AskedAgainView,
    BandChoice,
    CaseView,
    Colleague,
    DecisionView,
    ProposalView,
)
from rubrics.loader import from_snapshot
from rubrics.schema import Rubric

LATER_READING = "later_reading"
"""As the verdict of a proposal: to use a later reading, which is agreed on and taken back beside the readings."""


async def case_view(
    tx: Transaction,
    interview: InterviewRow,
    case: CaseRow | None,
    *,
    viewer: Account,
    result: ResultRow | None = None,
) -> CaseView:
    """Everything about a case or, with ``result``, a result: also one that a later reading has followed.

    What is to be read blind first has no card and no marks.
    """
    reopening = await reopenings.of_interview(tx.session, interview.id)
    scorecard, transcript = await _attempt(tx, interview, case, reopening)
    if result is not None:
        scorecard = await tx.session.get_one(ScorecardRow, result.scorecard_id)
    # The rubric that it was read with, whatever the interview was read with afterwards.
    used = scorecard.card.rubric_hash if scorecard else interview.rubric_hash
    rubric = from_snapshot(await interviews.rubric_content(tx.session, used))
    live = await review_desk.live(tx.session, case.id) if case else Live(None, None)
    chosen = await _reading_chosen(tx, interview, case)
    held = live.held is not None or _ended_by(reopening, case, HeldState.HELD) or _is_held(chosen)
    own = await review_desk.reading_of(tx.session, case.id, viewer.id) if case else None
    blind = case is not None and own is None and asks_blind(case, interview, scorecard)
    card = scorecard.card if scorecard and not blind else None
    view = CaseView(
        case_id=case.id if case else None,
        kind=case.kind if case else CaseKind.RESULT,
        open=case is not None and case.state is CaseState.OPEN and not held,
        interview_id=interview.id,
        application_id=interview.application_id,
        candidate=name_of(interview),
        job_title=interview.application.job_title,
        program=interview.program.title,
        reasons=() if blind else tuple(ReviewReason(reason) for reason in (case.reasons if case else ())),
        message=case.message if case else None,
        opened_at=case.opened_at if case else None,
        due_at=case.due_at if case else None,
        card=card_view(card, rubric, interview.program.review, transcript) if card else None,
        turns=turn_views(transcript, card, rubric) if transcript else (),
        bands=band_choices(rubric),
        # What a colleague decided says what the software recommends: it confirms that, or differs.
        decision=await _decision(tx, case, live, rubric, viewer) if case and not blind else None,
        final_band_label=result.result.band_label if result else None,
        audit_ref=result.audit_ref if result else None,
        blind=blind,
        criteria=tuple((one.name, one.definition) for one in rubric.competencies) if blind else (),
        own_band=_band(own, rubric),
        proposal=None if blind else _proposed(chosen, live, rubric, viewer),
        can_ask_again=case is not None
        and chosen is None
        and not held
        and not blind
        and can_ask(case, scorecard, reopening),
    )
    return await _with_people(tx, _with_reopening(view, case, reopening, rubric, viewer), viewer)


async def _attempt(
    tx: Transaction, interview: InterviewRow, case: CaseRow | None, reopening: ReopeningRow | None
) -> tuple[ScorecardRow | None, Transcript | None]:
    """The scores and the transcript that a case is about: the newest, but where the candidate was asked again after it."""
    if case is not None and case.kind is not CaseKind.RESULT:
        # A case about an adjustment is private: no score stands beside it.
        return None, None
    if reopening is not None and _ended_by(reopening, case, HeldState.FINAL):
        return await reopenings.scorecard_at(tx.session, interview.id, reopening.round), reopening.answers
    return (
        await scoring.latest_scorecard(tx.session, interview.id),
        await interviews.transcript(tx.session, interview.id),
    )


def _ended_by(reopening: ReopeningRow | None, case: CaseRow | None, *states: HeldState) -> bool:
    return case is not None and reopening is not None and reopening.case_id == case.id and reopening.state in states


def _with_reopening(
    view: CaseView, case: CaseRow | None, reopening: ReopeningRow | None, rubric: Rubric, viewer: Account
) -> CaseView:
    if reopening is None or view.kind is not CaseKind.RESULT:
        return view
    about = AskedAgainView(
        actor=reopening.actor_name,
        reason=reopening.reason,
        at=reopening.asked_at,
        final_at=reopening.final_at if reopening.state is HeldState.HELD else None,
        mine=reopening.actor_id == viewer.id,
    )
    if _ended_by(reopening, case, HeldState.HELD, HeldState.FINAL):
        return structs.replace(view, asked_again=about)
    if reopening.state is not HeldState.FINAL or view.blind:
        return view
    turns = turn_views(reopening.answers, None, rubric) if reopening.answers else ()
    return structs.replace(view, first_attempt=structs.replace(about, turns=turns))


def asks_blind(case: CaseRow, interview: InterviewRow, scorecard: ScorecardRow | None) -> bool:
    """Whether reviewers choose a band of their own before they see the software's: only where it has one and it is open."""
    ready = case.kind is CaseKind.RESULT and case.state is CaseState.OPEN and scorecard is not None
    return ready and reads_blind(case.id, interview.program.review.blind)


def name_of(interview: InterviewRow) -> str:
    """The candidate's name."""
    candidate = interview.application.candidate
    return f"{candidate.first_name} {candidate.last_name}".strip()


def colleague(person: Person | None, viewer: Account | None) -> Colleague | None:
    """As who looks sees them."""
    return None if person is None else Colleague(person.id, person.name, viewer is not None and person.id == viewer.id)


async def _decision(tx: Transaction, case: CaseRow, live: Live, rubric: Rubric, viewer: Account) -> DecisionView | None:
    if live.held is not None and case.state is CaseState.OPEN:
        first = await _first(tx, live.held)
        return held_view(live.held, first, rubric, mine=live.held.actor_id == viewer.id)
    row = await scoring.decision_of(tx.session, case.id)
    if row is None:
        return None
    agreed = _agreed(await review_desk.final_choices(tx.session, case.id), row.actor_id)
    return structs.replace(decision_view(row, rubric), agreed_by=agreed)


async def _first(tx: Transaction, row: HeldDecisionRow) -> HeldDecisionRow:
    return await tx.session.get_one(HeldDecisionRow, row.agrees_with) if row.agrees_with else row


def _agreed(choices: Sequence[HeldDecisionRow], decided_by: uuid.UUID) -> str:
    return next((row.actor_name for row in choices if row.actor_id != decided_by), "")


async def _reading_chosen(tx: Transaction, interview: InterviewRow, case: CaseRow | None) -> AdoptionRow | None:
    if case is None or case.kind is not CaseKind.RESULT or case.state is not CaseState.OPEN:
        return None
    return await adoptions.live(tx.session, interview.id)


def _is_held(chosen: AdoptionRow | None) -> bool:
    return chosen is not None and chosen.state is HeldState.HELD


def _proposed(chosen: AdoptionRow | None, live: Live, rubric: Rubric, viewer: Account) -> ProposalView | None:
    if chosen is not None:
        by = Colleague(chosen.actor_id, chosen.actor_name, chosen.actor_id == viewer.id)
        return ProposalView(by=by, verdict=LATER_READING, band=None, reason=chosen.reason, at=chosen.decided_at)
    return None if live.waiting is None else _proposal(live.waiting, rubric, viewer)


def _proposal(row: HeldDecisionRow, rubric: Rubric, viewer: Account) -> ProposalView:
    return ProposalView(
        by=Colleague(row.actor_id, row.actor_name, row.actor_id == viewer.id),
        verdict=row.verdict.value,
        band=_band(row.band, rubric),
        reason=row.reason,
        at=row.decided_at,
    )


def _band(key: str | None, rubric: Rubric) -> BandChoice | None:
    return next((BandChoice(band.key, band.label) for band in rubric.bands if band.key == key), None)


async def _with_people(tx: Transaction, view: CaseView, viewer: Account) -> CaseView:
    if view.case_id is None or not view.open:
        return view
    mine = await review_desk.assignees(tx.session, [view.case_id])
    team = [colleague(person, viewer) for person in await review_desk.team(tx.session)]
    return structs.replace(
        view,
        assignee=colleague(mine.get(view.case_id), viewer),
        colleagues=tuple(one for one in team if one is not None),
    )
