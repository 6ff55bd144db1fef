"""A case, or a result, as somebody of the team sees it: what they may see already, and what is decided so far."""

import uuid
from collections.abc import Sequence

from msgspec import structs

from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import CaseKind, CaseRow, CaseState, HeldDecisionRow, ScorecardRow
from orchestrator.db.repositories import interviews, review_desk, scoring
from orchestrator.db.repositories.review_desk import Live, Person
from orchestrator.db.session import Transaction
from orchestrator.domain.review import reads_blind
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.services.cards import band_choices, card_view, decision_view, held_view, turn_views
from orchestrator.services.views import Account, BandChoice, CaseView, Colleague, DecisionView, ProposalView
from rubrics.loader import from_snapshot
from rubrics.schema import Rubric


async def case_view(
    tx: Transaction,
    interview: InterviewRow,
    case: CaseRow | None,
    *,
    viewer: Account,
    audit_ref: str | None = None,
    final: str | None = None,
) -> CaseView:
    """Everything about a case or, with ``audit_ref``, a result. What is to be read blind first has no card and no marks."""
    rubric = from_snapshot(await interviews.rubric_content(tx.session, interview.rubric_hash))
    # A case about an adjustment is private: no score stands beside it.
    about_result = case is None or case.kind is CaseKind.RESULT
    scorecard = await scoring.latest_scorecard(tx.session, interview.id) if about_result else None
    transcript = await interviews.transcript(tx.session, interview.id) if about_result else None
    live = await review_desk.live(tx.session, case.id) if case else Live(None, None)
    own = await review_desk.reading_of(tx.session, case.id, viewer.id) if case else None
    blind = case is not None and own is None and asks_blind(case, interview, scorecard)
    card = scorecard.card if scorecard and not blind else None
    view = CaseView(
        case_id=case.id if case else None,
        kind=case.kind if case else CaseKind.RESULT,
        open=case is not None and case.state is CaseState.OPEN and live.held is None,
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
        final_band_label=final,
        audit_ref=audit_ref,
        blind=blind,
        criteria=tuple((one.name, one.definition) for one in rubric.competencies) if blind else (),
        own_band=_band(own, rubric),
        proposal=None if blind or live.waiting is None else _proposal(live.waiting, rubric, viewer),
    )
    return await _with_people(tx, view, viewer)


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
