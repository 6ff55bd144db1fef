"""What the candidate's pages show of an interview."""

import uuid
from datetime import datetime

from msgspec import Struct

from orchestrator.domain.interview import InterviewState
from orchestrator.services.views import NoticeView

FOLLOW_UP_MINUTES = 1.0
"""What a follow-up that waits adds to the time left: rubrics give minutes for questions only."""


class FollowUpView(Struct, frozen=True, kw_only=True):
    """One more question about a question. ``place`` counts from 1; ``saved_at`` None means that it still waits.

    ``id`` is what its answer is kept under.
    """

    id: str
    place: int
    text: str
    answer: str
    saved_at: datetime | None
    revision: int


class QuestionView(Struct, frozen=True, kw_only=True):
    """One question with the answer so far. ``number`` counts from 1; ``revision`` 0 means nothing was saved.

    ``most_follow_ups`` is how many there may be; ``decided`` says that no further one will be asked.
    """

    id: str
    number: int
    text: str
    why: str
    minutes: float
    answer: str
    saved_at: datetime | None
    revision: int
    follow_ups: tuple[FollowUpView, ...] = ()
    most_follow_ups: int = 0
    decided: bool = True

    @property
    def waiting(self) -> FollowUpView | None:
        """The follow-up that was asked and neither answered nor passed over."""
        return next((one for one in self.follow_ups if one.saved_at is None), None)

    @property
    def goes_on_at(self) -> int | None:
        """Where the candidate goes on: 0 is the question itself, 1 and more a follow-up, None where it is done."""
        if not self.answer.strip():
            return 0
        if self.waiting is not None:
            return self.waiting.place
        return None if self.decided else len(self.follow_ups)


class CandidateView(Struct, frozen=True, kw_only=True):
    """An interview as its candidate sees it."""

    interview_id: uuid.UUID
    state: InterviewState
    employer: str
    job_title: str
    first_name: str
    contact_name: str
    contact_email: str
    minutes: int
    questions: tuple[QuestionView, ...]
    practice_text: str
    practice_hint: str
    notice: NoticeView
    expires_at: datetime
    submitted_at: datetime | None
    answer_by: datetime | None
    alternative_open: bool
    answers_removed: bool = False

    @property
    def minutes_left(self) -> int:
        """Expected minutes for what has no answer: questions, and follow-ups that wait."""
        questions = sum(q.minutes for q in self.questions if not q.answer.strip())
        return round(questions + FOLLOW_UP_MINUTES * sum(q.waiting is not None for q in self.questions))

    @property
    def most_follow_ups(self) -> int:
        """How many follow-ups there may be to one question; 0 where none are asked in this interview."""
        return max((q.most_follow_ups for q in self.questions), default=0)
