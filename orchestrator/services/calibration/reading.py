"""From the rows of calibration sessions to what pages and reports show. Reads only, and decides who sees what when."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.calibration import (
    CalibrationItemRow,
    CalibrationRaterRow,
    CalibrationRatingRow,
    CalibrationSessionRow,
)
from orchestrator.db.repositories import calibration as rows
from orchestrator.domain.calibration import (
    Cell,
    SessionState,
    largest_first,
    unrated,
)
from orchestrator.domain.calibration_report import (
    CalibrationReport,
    Person,
    SessionFacts,
    Severity,
    report_of,
    session_severities,
)
from orchestrator.errors import Missing
from orchestrator.services.calibration.cells import by_item, cells_of, kind_of, title_of
from orchestrator.services.calibration.views import (
    Difference,
    ItemLine,
    RaterLine,
    SessionLine,
    SessionView,
)
from rubrics.loader import from_snapshot
from rubrics.schema import Rubric

_Part = TypeVar("_Part", CalibrationItemRow, CalibrationRaterRow)
LISTED = 50
SESSIONS_BEFORE = 12
"""How far back the severity of a rater is followed."""


class Whole(Struct, frozen=True, kw_only=True):
    """A session with all that belongs to it. ``readable`` are the positions whose answers are still there."""

    row: CalibrationSessionRow
    rubric: Rubric
    items: Sequence[CalibrationItemRow]
    raters: Sequence[CalibrationRaterRow]
    readable: frozenset[int]

    def rater(self, account_id: uuid.UUID) -> CalibrationRaterRow | None:
        """The row of somebody who rates in this session."""
        return next((rater for rater in self.raters if rater.account_id == account_id), None)

    def item(self, position: int) -> CalibrationItemRow:
        """The item at a place, counted from 1; raises Missing."""
        for item in self.items:
            if item.position == position:
                return item
        raise Missing("There is no such item in this session.")


async def whole_session(session: AsyncSession, session_id: uuid.UUID, *, lock: bool = False) -> Whole:
    """Read a session; ``lock`` holds its row until the transaction ends.

    Raises:
        Missing: there is no such session.
    """
    row = await rows.by_id(session, session_id, lock=lock)
    found = await _wholes(session, [row] if row else [])
    if not found:
        raise Missing("There is no such calibration session.")
    return found[0]


async def session_lines(session: AsyncSession, viewer: uuid.UUID | None) -> tuple[SessionLine, ...]:
    """The newest sessions, newest first, with what is left to do for the viewer."""
    found = await _wholes(session, await rows.sessions(session, limit=LISTED))
    to_do = [whole.row.id for whole in found if _rates(whole, viewer)]
    given = await rows.ratings(session, to_do, of=viewer) if to_do else []
    return tuple(_line(whole, given if _rates(whole, viewer) else None) for whole in found)


async def session_view(session: AsyncSession, session_id: uuid.UUID, viewer: uuid.UUID) -> SessionView:
    """One session; differences only once it is revealed. Raises Missing."""
    whole = await whole_session(session, session_id)
    me = whole.rater(viewer)
    mine = by_item(whole.items, await rows.ratings(session, [session_id], of=viewer)) if me else {}
    revealed = whole.row.state is not SessionState.RATING
    cells = await revealed_cells(session, whole) if revealed else []
    agreed: defaultdict[int, int] = defaultdict(int)
    for cell in cells:
        agreed[cell.item] += cell.agreed is not None
    return SessionView(
        id=whole.row.id,
        title=whole.row.title,
        rubric=whole.rubric.title,
        rubric_version=whole.rubric.version,
        competencies=len(whole.rubric.competencies),
        state=whole.row.state,
        created_at=whole.row.created_at,
        revealed_at=whole.row.revealed_at,
        closed_at=whole.row.closed_at,
        raters=tuple(
            RaterLine(name=rater.name, me=rater.account_id == viewer, handed_in=rater.handed_in_at is not None)
            for rater in whole.raters
        ),
        items=tuple(
            ItemLine(
                position=item.position,
                kind=kind_of(item, revealed=revealed),
                title=title_of(item, revealed=revealed),
                rated=len(mine.get(item.position, {})),
                agreed=agreed[item.position],
                readable=item.position in whole.readable,
            )
            for item in whole.items
        ),
        mine=me is not None,
        handed_in=me is not None and me.handed_in_at is not None,
        open_items=tuple(unrated(whole.rubric, sorted(whole.readable), mine)) if me else (),
        differences=tuple(_difference(cell, whole.rubric) for cell in largest_first(cells)),
    )


async def revealed_cells(session: AsyncSession, whole: Whole) -> list[Cell]:
    """Every competency of every item with what everybody gave. Only for sessions that are revealed."""
    ratings = await rows.ratings(session, [whole.row.id])
    return cells_of(whole.items, ratings, await rows.agreed(session, whole.row.id), whole.rubric)


async def session_report(session: AsyncSession, session_id: uuid.UUID) -> Callable[[], CalibrationReport]:
    """What computes the report of a revealed session, which takes a while and needs no database any more.

    Raises:
        Missing: there is no such session, or it is not revealed yet.
    """
    whole = await whole_session(session, session_id)
    row = whole.row
    if row.state is SessionState.RATING:
        raise Missing("This session is not revealed yet. Its report comes with the reveal.")
    earlier = await _earlier_severities(session, whole)
    facts = SessionFacts(
        id=row.id,
        title=row.title,
        rubric=whole.rubric.id,
        rubric_version=whole.rubric.version,
        rubric_hash=row.rubric_hash,
        state=row.state,
        created_at=row.created_at,
        revealed_at=row.revealed_at,
        closed_at=row.closed_at,
        interviews=sum(item.gold is None for item in whole.items),
        gold_items=sum(item.gold is not None for item in whole.items),
    )
    people = [
        Person(
            key=str(rater.account_id),
            name=rater.name,
            handed_in=rater.handed_in_at is not None,
            earlier=tuple(earlier.get(str(rater.account_id), ())),
        )
        for rater in whole.raters
    ]
    return partial(report_of, facts, whole.rubric, await revealed_cells(session, whole), people)


async def _earlier_severities(session: AsyncSession, whole: Whole) -> Mapping[str, Sequence[Severity]]:
    """By rater, from the sessions that were revealed before, the oldest first."""
    before = await rows.earlier(session, whole.row, [rater.account_id for rater in whole.raters], limit=SESSIONS_BEFORE)
    found: defaultdict[str, list[Severity]] = defaultdict(list)
    for row in reversed(before):
        past = await whole_session(session, row.id)
        cells = cells_of(past.items, await rows.ratings(session, [row.id]), (), past.rubric)
        for rater, mean in session_severities(cells).items():
            found[rater].append(Severity(session=row.id, at=row.revealed_at or row.created_at, mean=mean))
    return found


async def _wholes(session: AsyncSession, sessions: Sequence[CalibrationSessionRow]) -> Sequence[Whole]:
    """Sessions in their order with what belongs to them, in as many statements for fifty as for one."""
    ids = [row.id for row in sessions]
    contents = await rows.rubric_contents(session, {row.rubric_hash for row in sessions})
    rubrics = {digest: from_snapshot(content) for digest, content in contents.items()}
    items, raters = _by_session(await rows.items(session, ids)), _by_session(await rows.raters(session, ids))
    rated = {item.interview_id for some in items.values() for item in some if item.interview_id}
    kept = await rows.with_answers(session, rated)
    return [
        Whole(
            row=row,
            rubric=rubrics[row.rubric_hash],
            items=items[row.id],
            raters=raters[row.id],
            readable=frozenset(
                item.position for item in items[row.id] if item.gold is not None or item.interview_id in kept
            ),
        )
        for row in sessions
        if row.rubric_hash in rubrics
    ]


def _by_session(found: Sequence[_Part]) -> defaultdict[uuid.UUID, list[_Part]]:
    """Items or raters by their session, in the order in which they came."""
    parts: defaultdict[uuid.UUID, list[_Part]] = defaultdict(list)
    for one in found:
        parts[one.session_id].append(one)
    return parts


def _rates(whole: Whole, viewer: uuid.UUID | None) -> bool:
    """Whether somebody still has to rate in a session."""
    me = whole.rater(viewer) if viewer else None
    return whole.row.state is SessionState.RATING and me is not None and me.handed_in_at is None


def _line(whole: Whole, given: Sequence[CalibrationRatingRow] | None) -> SessionLine:
    """A session in the list; ``given`` are the viewer's ratings, of other sessions too, None for who does not rate."""
    to_rate = None
    if given is not None:
        to_rate = len(unrated(whole.rubric, sorted(whole.readable), by_item(whole.items, given)))
    return SessionLine(
        id=whole.row.id,
        title=whole.row.title,
        rubric=whole.rubric.title,
        state=whole.row.state,
        created_at=whole.row.created_at,
        items=len(whole.items),
        raters=len(whole.raters),
        handed_in=sum(rater.handed_in_at is not None for rater in whole.raters),
        to_rate=to_rate,
    )


def _difference(cell: Cell, rubric: Rubric) -> Difference:
    return Difference(
        position=cell.item,
        competency=cell.competency,
        name=rubric.competency(cell.competency).name,
        low=min(cell.levels, default=None),
        high=max(cell.levels, default=None),
        split=cell.split,
        agreed=cell.agreed,
    )
