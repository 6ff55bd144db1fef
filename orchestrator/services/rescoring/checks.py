"""Whether a later reading may be used in the place of what stands, and what must be said before: read in one transaction."""

import uuid
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.adoption import AdoptionRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.rescoring import RescoringRow
from orchestrator.db.models.scoring import CaseRow, DecisionRow, DecisionVerdict, HeldState, ScorecardRow
from orchestrator.db.repositories import (
    follow_ups,
    interviews,
    operations,
    orders,
    reopenings,
    rescorings,
    review_desk,
    scoring,
)
from orchestrator.domain.interview import InterviewState
from orchestrator.services.review.cases import asks_blind
from orchestrator.services.views import Account
from rubrics.schema import Rubric

MOVED_ON = "This interview has moved on meanwhile. Please look at it again."
NO_WORDS = "The candidate’s words were removed when their time was over. What stands stays as it is."
NEWER = "This candidate has a newer interview for this application. Its result is the one that your team sees."
TOLD_ONCE = (
    "Your applicant tracking system ordered this interview, and it takes one result for an order, once. It was given the "
    "result that stands, so no other can take its place."
)
DECIDED = "Someone has decided this case already. Their decision stands."
BLIND = "Please open the case first: you are asked for a band of your own before you see the software’s."
EARLIER = "These are answers from an earlier attempt. They were given anew since."
OTHER_QUESTIONS = "This rubric asks other questions than this interview did, so it cannot stand behind its result."
IN_USE = "This reading is in use."


class Standing(Struct, frozen=True):
    """What stands: the scorecard, the open case that it waits in, and the last decision that a person made of it.

    ``version`` is the interview's now: a choice that was made before a later step counts for nothing.
    """

    scorecard: ScorecardRow | None
    case: CaseRow | None
    decision: DecisionRow | None
    adoptions: Sequence[AdoptionRow]
    version: int

    @property
    def overridden(self) -> DecisionRow | None:
        """A decision other than the software's, which using another reading would replace."""
        chosen = self.decision
        return chosen if chosen is not None and chosen.verdict is DecisionVerdict.OVERRIDE else None

    @property
    def in_use(self) -> uuid.UUID | None:
        """The reading that stands already."""
        known = self.scorecard.id if self.scorecard else None
        final = (row for row in self.adoptions if row.state is HeldState.FINAL and row.scorecard_id == known)
        return next((row.rescoring_id for row in final), None)

    def live(self, state: HeldState) -> AdoptionRow | None:
        """The choice that waits, or is held."""
        now = (row for row in self.adoptions if row.interview_version == self.version)
        return next((row for row in now if row.state is state), None)

    @property
    def outlived(self) -> Sequence[AdoptionRow]:
        """What waits or is held although the interview has moved on since."""
        old = (row for row in self.adoptions if row.interview_version != self.version)
        return [row for row in old if row.state in review_desk.LIVE]


async def standing(session: AsyncSession, interview: InterviewRow, *, lock: bool = False) -> Standing:
    """Read what stands for an interview; with ``lock`` the open case, if there is one, is locked."""
    in_review = interview.state is InterviewState.IN_REVIEW
    return Standing(
        await scoring.latest_scorecard(session, interview.id),
        await rescorings.open_case(session, interview.id, lock=lock) if in_review else None,
        await rescorings.standing_decision(session, interview.id),
        await rescorings.adoptions(session, interview.id),
        interview.version,
    )


async def hindrance(
    session: AsyncSession, interview: InterviewRow, found: Standing, *, viewer: Account | None
) -> str | None:
    """Why no later reading of this interview can be used now, in words for a page; ``viewer`` None: for nobody.

    BLIND comes before everything else: whoever gets it is shown no reading, whatever happened to the case meanwhile.
    """
    if viewer is not None and await _not_read_blind(session, interview, found, viewer):
        return BLIND
    if interview.state not in rescorings.READ_AGAIN or found.scorecard is None:
        return MOVED_ON
    newest = await operations.newest_interview(session, interview.application_id)
    if newest is None or newest.id != interview.id:
        return NEWER
    if not (await interviews.transcript(session, interview.id)).turns:
        return NO_WORDS
    if interview.state is InterviewState.IN_REVIEW:
        return await _in_review(session, found)
    return await _final(session, interview)


async def _final(session: AsyncSession, interview: InterviewRow) -> str | None:
    if not await rescorings.has_result(session, interview.id):
        return MOVED_ON
    # Noted with the step to *final*: what waits to be told may be on its way already.
    return TOLD_ONCE if await orders.wanted(session, interview.id) else None


async def _not_read_blind(session: AsyncSession, interview: InterviewRow, found: Standing, viewer: Account) -> bool:
    if found.case is None or not asks_blind(found.case, interview, found.scorecard):
        return False
    return await review_desk.reading_of(session, found.case.id, viewer.id) is None


async def _in_review(session: AsyncSession, found: Standing) -> str | None:
    case = found.case
    if case is None:
        return MOVED_ON
    chosen = await review_desk.live(session, case.id)
    decided = chosen.held or chosen.waiting or await reopenings.held_in(session, [case.id])
    return DECIDED if decided else None


async def hindrance_of(
    session: AsyncSession, interview: InterviewRow, found: Standing, row: RescoringRow, rubric: Rubric
) -> str | None:
    """Why this one reading cannot be used. The rubric behind it becomes the interview's: it must know what was asked."""
    if row.id == found.in_use:
        return IN_USE
    if interview.submitted_at is not None and row.made_at < interview.submitted_at:
        return EARLIER
    texts = {question.id: {probe.id: probe.text for probe in question.probes} for question in rubric.questions}
    if any(planned.id not in texts for planned in interview.plan.questions):
        return OTHER_QUESTIONS
    decided = await follow_ups.decided(session, interview.id)
    asked = [(one.question_id, one.probe_id) for rows in decided.values() for one in rows if one.probe_id]
    if not asked:
        return None
    said = {turn.text for turn in (await interviews.transcript(session, interview.id)).turns}
    known = all(texts.get(question, {}).get(probe) in said for question, probe in asked)
    return None if known else OTHER_QUESTIONS
