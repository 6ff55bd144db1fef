"""Later readings as a page shows them: beside what stands, with who uses one and what that would replace."""

import uuid
from datetime import datetime

from msgspec import Struct

from orchestrator.db.models.rescoring import RescoringRow
from orchestrator.db.models.scoring import HeldState
from orchestrator.domain.explainer import Explanation, explain
from orchestrator.domain.result_parts import Read
from orchestrator.services.rescoring.checks import Standing
from orchestrator.services.views import Account, Colleague
from rubrics.schema import Rubric


class AdoptionView(Struct, frozen=True, kw_only=True):
    """That a reading is used. ``waits``: for a second person; ``final_at``: it can be taken back until about then."""

    by: Colleague
    agreed_by: str
    reason: str
    at: datetime
    waits: bool = False
    final_at: datetime | None = None


class OverrideView(Struct, frozen=True, kw_only=True):
    """What a person decided, other than the software, and what using another reading would replace."""

    id: str
    actor: str
    band: str
    reason: str
    at: datetime


class LaterReading(Struct, frozen=True, kw_only=True):
    """A stored later reading. ``explanation`` compares it with the scorecard that stands.

    ``hindrance`` says why it cannot be used, where that is so of this one alone.
    """

    id: uuid.UUID
    adoption: AdoptionView | None = None
    hindrance: str = ""
    made_at: datetime
    actor: str
    rubric: str
    version: str
    rater: str
    explanation: Explanation


class RescoringView(Struct, frozen=True, kw_only=True):
    """Everything that was read again of one interview, the newest first.

    ``hindrance`` says why none can be used now; ``override`` what a person decided, other than the software.
    """

    hindrance: str = ""
    override: OverrideView | None = None
    interview_id: uuid.UUID
    application_id: uuid.UUID
    rubric: str
    version: str
    rater: str
    readings: tuple[LaterReading, ...]


def later(
    row: RescoringRow, before: Read, rubric: Rubric, adoption: AdoptionView | None, hindered: str
) -> LaterReading:
    """One reading as the page shows it."""
    return LaterReading(
        id=row.id,
        adoption=adoption,
        hindrance=hindered,
        made_at=row.made_at,
        actor=row.actor,
        rubric=rubric.id,
        version=rubric.version,
        rater=row.card.rater.name,
        explanation=explain(before, Read(card=row.card, rubric=rubric)),
    )


def override_view(found: Standing, rubric: Rubric) -> OverrideView | None:
    """What a person decided otherwise than the software; None where nobody did."""
    decision = found.overridden
    if decision is None:
        return None
    labels = {band.key: band.label for band in rubric.bands}
    return OverrideView(
        id=decision.id.hex,
        actor=decision.actor_name,
        band=labels.get(decision.band or "", ""),
        reason=decision.reason,
        at=decision.decided_at,
    )


def adoption_view(row: RescoringRow, found: Standing, viewer: Account) -> AdoptionView | None:
    """The choice of this reading that stands, is held or waits, if there is one."""
    of_this = [one for one in found.adoptions if one.rescoring_id == row.id]
    live = found.live(HeldState.HELD) or found.live(HeldState.WAITING)
    if live is None or live.rescoring_id != row.id:
        used = row.id == found.in_use
        live = next((one for one in of_this if used and one.scorecard_id is not None), None)
    if live is None:
        return None
    first = next((one for one in of_this if one.id == live.agrees_with), live)
    return AdoptionView(
        by=Colleague(live.actor_id, first.actor_name, live.actor_id == viewer.id),
        agreed_by=live.actor_name if first is not live else "",
        reason=first.reason,
        at=live.decided_at,
        waits=live.state is HeldState.WAITING,
        final_at=live.final_at if live.state is HeldState.HELD else None,
    )
