"""How reviewing goes, for those who answer for it: never a list of culprits, always with how much is known."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.scoring import DecisionVerdict, HeldDecisionRow
from orchestrator.db.repositories import interviews, review_desk
from orchestrator.db.repositories.review_desk import Pace
from orchestrator.domain.drift import span
from orchestrator.domain.review import Agreement, Decided, agreement, reviewers
from orchestrator.services.views import QualityView, ReviewerView
from rubrics.loader import from_snapshot
from rubrics.schema import Rubric

WINDOW = timedelta(days=90)
"""How far back it looks."""

NEWEST = 10_000
"""Choices that the operations page looks at, which is loaded often."""


async def quality_view(session: AsyncSession, *, now: datetime) -> QualityView:
    """Everybody who decided about results, and how blind readings compare, since ``WINDOW`` ago."""
    since = now - WINDOW
    chosen = await review_desk.chosen_since(session, since)
    # A name may have changed: the newest one stands.
    names = {row.actor_id.hex: row.actor_name for row in sorted(chosen, key=lambda row: row.decided_at)}
    return QualityView(
        since=since,
        reviewers=tuple(
            sorted(
                (
                    ReviewerView(
                        name=names[one.person],
                        decisions=one.decisions,
                        differing=one.differing,
                        timed=one.timed,
                        median_seconds=one.median_seconds,
                        habits=tuple(habit.value for habit in one.habits),
                    )
                    for one in reviewers(_decided(chosen))
                ),
                key=lambda view: view.name,
            )
        ),
        agreement=await _agreement(session, since),
    )


async def review_troubles(session: AsyncSession, *, now: datetime) -> list[str]:
    """Sentences for the operations page: cases that are overdue, and habits that are worth a talk; nobody is named."""
    told: list[str] = []
    late = await review_desk.overdue(session, now=now)
    if late.oldest is not None:
        who = "one review case is overdue by" if late.cases == 1 else f"{late.cases} review cases are overdue, one by"
        told.append(f"{who} {span((now - late.oldest).total_seconds())}: see Review")
    chosen = await review_desk.paces_since(session, now - WINDOW, limit=NEWEST)
    count = sum(bool(one.habits) for one in reviewers(_decided(chosen)))
    if count:
        who = "one person decides" if count == 1 else f"{count} people decide"
        told.append(f"{who} about results very quickly, or never otherwise than the software: see Review, Quality")
    return told


def _decided(chosen: Sequence[HeldDecisionRow] | Sequence[Pace]) -> list[Decided]:
    return [
        Decided(
            row.actor_id.hex,
            differs=row.verdict is not DecisionVerdict.CONFIRM,
            seconds=None if row.opened_at is None else (row.decided_at - row.opened_at).total_seconds(),
        )
        for row in chosen
    ]


async def _agreement(session: AsyncSession, since: datetime) -> Agreement | None:
    readings = await review_desk.readings_since(session, since)
    ranks = {
        digest: _ranks(from_snapshot(await interviews.rubric_content(session, digest)))
        for digest in {digest for _, digest in readings}
    }
    return agreement([(ranks[digest].get(row.band), ranks[digest].get(row.machine_band)) for row, digest in readings])


def _ranks(rubric: Rubric) -> Mapping[str, int]:
    """The place of each band with a number, counted from the highest."""
    return {band.key: place for place, band in enumerate(band for band in rubric.bands if band.cut is not None)}
