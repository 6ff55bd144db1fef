"""Calibration: sessions are made, rated blind, revealed, talked about and closed, each step in the audit chain."""

import asyncio
import uuid
from collections.abc import Mapping
from pathlib import Path

from orchestrator.db.models.calibration import CalibrationItemRow, CalibrationRaterRow
from orchestrator.db.repositories import calibration as rows
from orchestrator.db.repositories import interviews
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.calibration import Rating, SessionState, unrated
from orchestrator.domain.calibration_report import CalibrationReport
from orchestrator.errors import Forbidden, InputInvalid, Stale
from orchestrator.ports import Clock
from orchestrator.services.calibration.cells import by_item
from orchestrator.services.calibration.items import item_view
from orchestrator.services.calibration.making import Making, invalid, step_event
from orchestrator.services.calibration.reading import (
    Whole,
    session_lines,
    session_report,
    session_view,
    whole_session,
)
from orchestrator.services.calibration.views import (
    ItemView,
    NewSession,
    NewSessionView,
    SessionLine,
    SessionView,
)
from orchestrator.services.views import Account
from rubrics.schema import Rubric

OFFERED = 100
"""Interviews that are offered for a new session, the newest."""
_CLOSED = "This session is closed. Nothing can be changed any more."


class Calibrating:
    """Calibration sessions. ``gold`` is the folder of a team's own gold items, which need not exist."""

    def __init__(self, database: Database, clock: Clock, rubrics: Mapping[str, Rubric], *, gold: Path | None) -> None:
        self._database = database
        self._clock = clock
        self._making = Making(database, clock, rubrics, gold)

    async def sessions(self, *, viewer: Account | None) -> tuple[SessionLine, ...]:
        """The newest sessions, newest first; without a viewer, as the command line sees them."""
        async with self._database.reading() as session:
            return await session_lines(session, viewer.id if viewer else None)

    async def choices(self, rubric: str) -> NewSessionView:
        """What a new session can be made of; ``rubric`` is a content hash, empty while none is chosen.

        Raises:
            Missing: there is no such rubric.
        """
        return await self._making.choices(rubric)

    async def make(self, new: NewSession, *, actor: Account) -> uuid.UUID:
        """Make a session; raters can begin at once. Returns its id.

        Raises:
            InputInvalid: no title, no items, too few or too many of something, or something that is not there any more.
        """
        return await self._making.make(new, actor=actor)

    async def session(self, session_id: uuid.UUID, *, viewer: Account) -> SessionView:
        """One session; raises Missing."""
        async with self._database.reading() as session:
            return await session_view(session, session_id, viewer.id)

    async def item(self, session_id: uuid.UUID, position: int, *, viewer: Account) -> ItemView:
        """One item, blinded. That an interview was read is logged.

        Raises:
            Missing: there is no such session or item.
            Forbidden: it is still rated, and the viewer is no rater.
        """
        async with self._database.transaction() as tx:
            whole = await whole_session(tx.session, session_id)
            item = whole.item(position)
            if whole.row.state is SessionState.RATING and whole.rater(viewer.id) is None:
                raise Forbidden("Until the reveal, only those who rate in this session see its items.")
            view = await item_view(tx.session, whole, item, viewer.id)
            if item.interview_id is not None and view.readable:
                self._log(tx, viewer, "viewed", item.interview_id, {"session": session_id.hex, "item": position})
        return view

    async def rate(
        self, session_id: uuid.UUID, position: int, ratings: Mapping[str, Rating], *, actor: Account
    ) -> None:
        """Keep a rater's levels of one item, by competency; those that are not named stay as they are.

        Raises:
            Missing: there is no such session or item.
            Forbidden: not a rater of this session.
            Stale: handed in or revealed meanwhile, or the answers were removed.
            InputInvalid: an unknown competency or level.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            whole = await whole_session(tx.session, session_id, lock=True)
            item = whole.item(position)
            _rates(whole, actor)
            _check_ratings(whole.rubric, ratings)
            if not await _held(tx, item):
                raise Stale("The answers of this item were removed, so it can no longer be rated.")
            for competency, rating in ratings.items():
                key: dict[str, object] = {"item_id": item.id, "account_id": actor.id, "competency": competency}
                await rows.keep_rating(tx.session, {**key, "level": rating.level, "note": rating.note, "rated_at": now})
            self._log(tx, actor, "rated", session_id, {"item": position, "competencies": sorted(ratings)})

    async def hand_in(self, session_id: uuid.UUID, *, actor: Account) -> None:
        """Say that everything is rated; the last rater's word reveals the session.

        Raises:
            Missing: there is no such session.
            Forbidden: not a rater of this session.
            Stale: handed in or revealed already.
            InputInvalid: some items are not rated in full.
        """
        async with self._database.transaction() as tx:
            whole = await whole_session(tx.session, session_id, lock=True)
            me = _rates(whole, actor)
            mine = by_item(whole.items, await rows.ratings(tx.session, [session_id], of=actor.id))
            missing = unrated(whole.rubric, sorted(whole.readable), mine)
            if missing:
                numbers = ", ".join(str(number) for number in missing)
                raise invalid("hand-in", f"Please rate every competency first. Still open: item {numbers}.")
            me.handed_in_at = self._clock.now()
            self._log(tx, actor, "handed_in", session_id, {})
            if all(rater.handed_in_at is not None for rater in whole.raters):
                await self._reveal(tx, whole, actor)

    async def reveal(self, session_id: uuid.UUID, *, actor: Account) -> None:
        """Show every rating beside the others and the machine's, though not everybody has handed in.

        Raises:
            Missing: there is no such session.
            Stale: it is revealed already.
            InputInvalid: nobody has rated anything.
        """
        async with self._database.transaction() as tx:
            whole = await whole_session(tx.session, session_id, lock=True)
            if whole.row.state is not SessionState.RATING:
                raise Stale("This session is revealed already.")
            if not await rows.ratings(tx.session, [session_id]):
                raise invalid("reveal", "Nobody has rated anything yet, so there is nothing to reveal.")
            await self._reveal(tx, whole, actor)

    async def agree(
        self, session_id: uuid.UUID, position: int, agreed: Mapping[str, Rating], *, actor: Account
    ) -> None:
        """Note the levels that were agreed on for one item, by competency, in place of earlier ones.

        Raises:
            Missing: there is no such session or item.
            Stale: the session is not revealed, or closed.
            InputInvalid: an unknown competency or level, or a note about answers that were removed.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            whole = await whole_session(tx.session, session_id, lock=True)
            item = whole.item(position)
            if whole.row.state is not SessionState.REVEALED:
                raise Stale(_CLOSED if whole.row.state is SessionState.CLOSED else "This session is not revealed yet.")
            _check_ratings(whole.rubric, agreed)
            if not await _held(tx, item) and any(one.note for one in agreed.values()):
                raise InputInvalid("The answers of this item were removed. A level can be noted, words cannot.")
            for competency, one in agreed.items():
                key: dict[str, object] = {"item_id": item.id, "competency": competency, "account_id": actor.id}
                await rows.keep_agreed(tx.session, {**key, "level": one.level, "note": one.note, "agreed_at": now})
            self._log(tx, actor, "agreed", session_id, {"item": position, "competencies": sorted(agreed)})

    async def close(self, session_id: uuid.UUID, *, actor: Account) -> None:
        """End the discussion for good.

        Raises:
            Missing: there is no such session.
            Stale: it is not revealed, or closed already.
        """
        async with self._database.transaction() as tx:
            whole = await whole_session(tx.session, session_id, lock=True)
            if whole.row.state is not SessionState.REVEALED:
                raise Stale(_CLOSED if whole.row.state is SessionState.CLOSED else "This session is not revealed yet.")
            whole.row.state, whole.row.closed_at = SessionState.CLOSED, self._clock.now()
            self._log(tx, actor, "closed", session_id, {})

    async def report(self, session_id: uuid.UUID) -> CalibrationReport:
        """Agreement, severity, drift and gold accuracy; raises Missing, also before the reveal."""
        async with self._database.reading() as session:
            compute = await session_report(session, session_id)
        # Resampling for many raters takes a second, which other requests need not wait for.
        return await asyncio.to_thread(compute)

    async def _reveal(self, tx: Transaction, whole: Whole, actor: Account) -> None:
        """The machine's levels are copied now: a later scorecard must not change what was talked about."""
        levels = await rows.machine_levels(
            tx.session, [item.interview_id for item in whole.items if item.interview_id is not None]
        )
        for item in whole.items:
            item.machine = levels.get(item.interview_id) if item.interview_id is not None else None
        whole.row.state, whole.row.revealed_at = SessionState.REVEALED, self._clock.now()
        handed_in = sum(rater.handed_in_at is not None for rater in whole.raters)
        self._log(tx, actor, "revealed", whole.row.id, {"handed_in": handed_in, "raters": len(whole.raters)})

    def _log(self, tx: Transaction, actor: Account, what: str, subject: uuid.UUID, details: dict[str, object]) -> None:
        tx.audit(step_event(self._clock.now(), actor, what, subject, details))


async def _held(tx: Transaction, item: CalibrationItemRow) -> bool:
    """Whether the answers are there. They stay until the transaction ends: a note may repeat them (N10).

    The session is locked before the interview, by everyone who needs both.
    """
    if item.interview_id is None:
        return item.gold is not None
    await interviews.by_id(tx.session, item.interview_id, lock=True)
    return bool(await rows.with_answers(tx.session, [item.interview_id]))


def _check_ratings(rubric: Rubric, ratings: Mapping[str, Rating]) -> None:
    for competency_id, rating in ratings.items():
        competency = next((one for one in rubric.competencies if one.id == competency_id), None)
        levels = {anchor.level for anchor in competency.anchors} if competency else set()
        if competency is None or (rating.level is not None and rating.level not in levels):
            raise InputInvalid("Please choose one of the levels.")


def _rates(whole: Whole, actor: Account) -> CalibrationRaterRow:
    me = whole.rater(actor.id)
    if me is None:
        raise Forbidden("You do not rate in this session.")
    if whole.row.state is not SessionState.RATING:
        raise Stale("This session was revealed meanwhile. Ratings can no longer be changed.")
    if me.handed_in_at is not None:
        raise Stale("You have handed in your ratings already.")
    return me
