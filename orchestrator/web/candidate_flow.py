"""What the candidate's pages share: the service that they need, where a candidate goes on, and how forms are read."""

import re
from typing import Any, Protocol

from litestar import Request
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import SkipValidation
from litestar.response import Redirect, Template

from orchestrator.domain.interview import Alternative, InterviewState
from orchestrator.errors import Stale, TransitionRefused
from orchestrator.services.candidate_views import CandidateView, FollowUpView, QuestionView
from orchestrator.services.interviewing import Saved
from orchestrator.web.typed import cleaned

AnyRequest = Request[Any, Any, Any]
S = InterviewState
MOVED_ON = (Stale, TransitionRefused)
HANDED_IN = frozenset({S.SUBMITTED, S.IN_REVIEW, S.FINAL, S.CLOSED})
_REVISION = re.compile(r"[0-9]{1,9}")


class InterviewDoor(Protocol):
    """What the pages need of the interviewing service."""

    async def view(self, token: str) -> CandidateView:
        """The interview behind a link."""
        ...

    async def consent(self, token: str, *, notice_hash: str) -> None:
        """Begin."""
        ...

    async def save(self, token: str, question_id: str, text: str, *, revision: int | None) -> Saved:
        """Keep an answer that was written on top of a revision."""
        ...

    async def follow_up(self, token: str, question_id: str) -> None:
        """Decide whether one more question is asked about one that was answered."""
        ...

    async def submit(self, token: str) -> None:
        """Hand in."""
        ...

    async def ask(self, token: str, kind: Alternative, message: str) -> None:
        """Ask for an adjustment or a person."""
        ...

    async def withdraw(self, token: str) -> None:
        """End it."""
        ...


class HasInterviewing(Protocol):
    """The part of the services that these pages use."""

    @property
    def interviewing(self) -> InterviewDoor:
        """The interviewing service."""
        ...


Services = NamedDependency[SkipValidation[HasInterviewing]]


def door(services: HasInterviewing) -> InterviewDoor:
    """The service behind the pages."""
    return services.interviewing


def place(token: str, view: CandidateView) -> str:
    """The page that fits where the interview stands."""
    if view.state in HANDED_IN:
        return f"/i/{token}/done"
    if view.state is not S.IN_PROGRESS:
        return f"/i/{token}"
    for question in view.questions:
        if (at := question.goes_on_at) is not None:
            return f"/i/{token}/{step_path(question, at)}"
    return f"/i/{token}/check"


def after(token: str, view: CandidateView, number: int, go: str) -> str:
    """Where the pressed button leads from a question or one of its follow-ups: on, unless it says back."""
    question = view.questions[number - 1]
    if question.waiting is not None:
        return f"/i/{token}/{step_path(question, question.waiting.place)}"
    if go == "check" or number == len(view.questions):
        return f"/i/{token}/check"
    return f"/i/{token}/questions/{number + 1}"


def before(token: str, number: int, follow_up: FollowUpView | None) -> str:
    """Where Back leads: from a follow-up to its question."""
    if follow_up is not None:
        return f"/i/{token}/questions/{number}"
    return f"/i/{token}/questions/{number - 1}" if number > 1 else f"/i/{token}/practice"


def step_path(question: QuestionView, at: int) -> str:
    """The path below the link of a question (0) or of one of its follow-ups (1 and more)."""
    return f"questions/{question.number}/more/{at}" if at else f"questions/{question.number}"


def page(name: str, token: str, view: CandidateView, *, status_code: int = 200, **context: object) -> Template:
    """A page of the candidate's."""
    return Template(name, context={"view": view, "here": f"/i/{token}", **context}, status_code=status_code)


def to(path: str) -> Redirect:
    """On to another page, which is read."""
    return Redirect(path, status_code=303)


async def text(request: AnyRequest, name: str) -> str:
    """A field of the form; empty where it is missing."""
    # Browsers send line ends as CR LF, whatever was typed; the transcript counts characters.
    value = (await request.form()).get(name, "")
    return cleaned(value) if isinstance(value, str) else ""


async def typed_answer(request: AnyRequest) -> tuple[str, int | None]:
    """The answer, and the revision on top of which it was written, where the form says it.

    Raises:
        ValidationException: there is no answer (to take that for an empty one would wipe what is saved), or the
            revision is no number.
    """
    form = await request.form()
    revision = await text(request, "revision") if "revision" in form else None
    if "answer" not in form or (revision is not None and not _REVISION.fullmatch(revision)):
        raise ValidationException
    return await text(request, "answer"), None if revision is None else int(revision)
