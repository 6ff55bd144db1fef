"""One item of a calibration session as somebody reads it: blinded answers, anchors, and what may be seen by now."""

import uuid
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.calibration import CalibrationItemRow
from orchestrator.db.repositories import calibration as rows
from orchestrator.db.repositories import interviews
from orchestrator.domain.calibration import Cell, Rating, SessionState, gold_transcript
from orchestrator.domain.scorecard import prepare
from orchestrator.domain.transcript import Speaker, Transcript
from orchestrator.services.calibration.cells import by_item, kind_of, title_of
from orchestrator.services.calibration.reading import Whole, revealed_cells
from orchestrator.services.calibration.views import CompetencyToRate, GivenRating, ItemView, Said
from rubrics.schema import Competency

SOFTWARE, KNOWN = "The software", "Known level"


async def item_view(session: AsyncSession, whole: Whole, item: CalibrationItemRow, viewer: uuid.UUID) -> ItemView:
    """The item with the viewer's own ratings, and with everybody's once the session is revealed."""
    state, me = whole.row.state, whole.rater(viewer)
    revealed = state is not SessionState.RATING
    mine = by_item([item], await rows.ratings(session, [whole.row.id], of=viewer)).get(item.position, {})
    cells = {}
    if revealed:
        cells = {cell.competency: cell for cell in await revealed_cells(session, whole) if cell.item == item.position}
    names = {str(rater.account_id): rater.name for rater in whole.raters}
    readable = item.position in whole.readable
    transcript = await _transcript(session, whole, item) if readable else Transcript(())
    return ItemView(
        session_id=whole.row.id,
        session_title=whole.row.title,
        state=state,
        position=item.position,
        count=len(whole.items),
        kind=kind_of(item, revealed=revealed),
        title=title_of(item, revealed=revealed),
        readable=readable,
        may_rate=not revealed and readable and me is not None and me.handed_in_at is None,
        may_agree=state is SessionState.REVEALED,
        turns=tuple(Said(turn.speaker is Speaker.CANDIDATE, turn.text) for turn in transcript.turns),
        competencies=tuple(
            _competency(competency, mine.get(competency.id), cells.get(competency.id), names)
            for competency in whole.rubric.competencies
        ),
    )


async def _transcript(session: AsyncSession, whole: Whole, item: CalibrationItemRow) -> Transcript:
    """What a grader would see: names and contact data are blinded."""
    if item.gold is not None:
        return gold_transcript(item.gold, whole.rubric)
    interview = await interviews.by_id(session, item.interview_id) if item.interview_id else None
    if interview is None:
        return Transcript(())
    candidate = interview.application.candidate
    prepared = prepare(
        await interviews.transcript(session, interview.id),
        names=(candidate.first_name, candidate.last_name),
        contacts=(*candidate.emails, *candidate.phones),
    )
    return prepared.transcript


def _competency(
    competency: Competency, mine: Rating | None, cell: Cell | None, names: Mapping[str, str]
) -> CompetencyToRate:
    return CompetencyToRate(
        id=competency.id,
        name=competency.name,
        definition=competency.definition,
        anchors=tuple((anchor.level, anchor.behaviour) for anchor in competency.anchors),
        mine=mine,
        given=_given(cell, names) if cell else (),
        spread=cell.spread if cell else 0,
        agreed=cell.agreed if cell else None,
    )


def _given(cell: Cell, names: Mapping[str, str]) -> tuple[GivenRating, ...]:
    people = [GivenRating(who=name, rating=cell.ratings[key]) for key, name in names.items() if key in cell.ratings]
    others = [(SOFTWARE, cell.machine), (KNOWN, cell.gold)]
    return (*people, *(GivenRating(who=who, rating=rating) for who, rating in others if rating is not None))
