"""The review queue: who waits, why, since when, and with whom."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.adoption import AdoptionRow
from orchestrator.db.models.scoring import CaseKind, HeldDecisionRow, HeldState, ScorecardRow
from orchestrator.db.repositories import adoptions, interviews, reopenings, review_desk, scoring
from orchestrator.db.repositories.review_desk import Person
from orchestrator.db.repositories.scoring import QueueRow
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.services.review.asking_again import held_reopenings
from orchestrator.services.review.cases import asks_blind, colleague, name_of
from orchestrator.services.views import Account, HeldItem, QueueItem
from rubrics.loader import from_snapshot

Labels = Mapping[str, Mapping[str, str]]


async def queue_items(session: AsyncSession, *, viewer: Account | None, now: datetime) -> tuple[QueueItem, ...]:
    """Every open case, who waits longest first; what is decided and held for a moment is not among them."""
    rows = await scoring.open_cases(session)
    ids = [row.case.id for row in rows]
    live: dict[uuid.UUID, AdoptionRow | HeldDecisionRow] = {**await _readings_chosen(session, rows)}
    live |= await review_desk.live_in(session, ids)
    about_to_end = await reopenings.held_in(session, ids)
    about_to_end |= {case_id for case_id, chosen in live.items() if chosen.state is HeldState.HELD}
    waiting = [row for row in rows if row.case.id not in about_to_end]
    cards = await scoring.scorecards_of(session, [row.interview.id for row in waiting])
    labels = await _labels(session, {row.interview.rubric_hash for row in waiting})
    assigned = await review_desk.assignees(session, ids)
    read = await review_desk.read_by(session, viewer.id, ids) if viewer else set()
    items = []
    for row in waiting:
        card = cards.get(row.interview.id)
        blind = viewer is not None and row.case.id not in read and asks_blind(row.case, row.interview, card)
        proposed = live.get(row.case.id)
        first = Person(proposed.actor_id, proposed.actor_name) if proposed else None
        items.append(
            _item(row, card, labels, now=now, blind=blind, people=(assigned.get(row.case.id), first), viewer=viewer)
        )
    return tuple(items)


async def _readings_chosen(session: AsyncSession, rows: Sequence[QueueRow]) -> Mapping[uuid.UUID, AdoptionRow]:
    """By case: a later reading that somebody chose for its result."""
    results = {row.interview.id: row.case.id for row in rows if row.case.kind is CaseKind.RESULT}
    chosen = await adoptions.live_in(session, results)
    return {results[interview_id]: row for interview_id, row in chosen.items()}


async def held_items(session: AsyncSession, *, viewer: Account) -> tuple[HeldItem, ...]:
    """What somebody decided and can still take back."""
    rows = await review_desk.held_by(session, viewer.id)
    labels = await _labels(session, {row.rubric_hash for row in rows})
    items = [
        HeldItem(
            held.row.case_id,
            f"{held.first_name} {held.last_name}".strip(),
            labels[held.rubric_hash].get(held.row.band or ""),
            held.row.final_at or held.row.decided_at,
        )
        for held in rows
    ]
    items += await held_reopenings(session, viewer=viewer)
    return tuple(sorted(items, key=lambda item: item.final_at, reverse=True))


def _item(
    row: QueueRow,
    scorecard: ScorecardRow | None,
    labels: Labels,
    *,
    now: datetime,
    blind: bool,
    people: tuple[Person | None, Person | None],
    viewer: Account | None,
) -> QueueItem:
    case, interview = row
    assignee, first = people
    shown = scorecard is not None and case.kind is CaseKind.RESULT and not blind
    return QueueItem(
        case_id=case.id,
        kind=case.kind,
        candidate=name_of(interview),
        job_title=interview.application.job_title,
        program=interview.program.title,
        reasons=() if blind else tuple(ReviewReason(reason) for reason in case.reasons),
        band_label=labels[interview.rubric_hash][scorecard.card.band] if scorecard and shown else None,
        opened_at=case.opened_at,
        due_at=case.due_at,
        overdue=case.due_at < now,
        assignee=colleague(assignee, viewer),
        blind=blind,
        proposed_by=colleague(first, viewer),
    )


async def _labels(session: AsyncSession, digests: Sequence[str] | set[str]) -> Labels:
    found: dict[str, dict[str, str]] = {}
    for digest in digests:
        rubric = from_snapshot(await interviews.rubric_content(session, digest))
        found[digest] = {band.key: band.label for band in rubric.bands}
    return found
