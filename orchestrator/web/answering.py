"""The pages on which a candidate answers: a question, and the follow-ups that are asked about it.

A follow-up is a page of its own below its question. Whether one is asked is decided when the candidate goes on, never while
somebody types; the page of a follow-up takes answers and drafts as the page of a question does.
"""

from datetime import datetime
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Template
from msgspec import Struct

from orchestrator.errors import InputInvalid, Stale
from orchestrator.services.candidate_views import CandidateView, FollowUpView, QuestionView
from orchestrator.web.candidate_flow import (
    MOVED_ON,
    AnyRequest,
    InterviewDoor,
    S,
    Services,
    after,
    before,
    door,
    page,
    place,
    step_path,
    text,
    to,
    typed_answer,
)
from orchestrator.web.errors import problem


class Step(Struct, frozen=True):
    """One page that takes an answer: a question, or one of its follow-ups."""

    question: QuestionView
    follow_up: FollowUpView | None = None

    @property
    def _asked(self) -> QuestionView | FollowUpView:
        return self.follow_up or self.question

    @property
    def id(self) -> str:
        """What the answer is kept under."""
        return self._asked.id

    @property
    def path(self) -> str:
        """Where the page is, below the link."""
        return step_path(self.question, self.follow_up.place if self.follow_up else 0)

    @property
    def text(self) -> str:
        """What is asked."""
        return self._asked.text

    @property
    def answer(self) -> str:
        """The saved answer."""
        return self._asked.answer

    @property
    def revision(self) -> int:
        """How often it was saved."""
        return self._asked.revision

    @property
    def saved_at(self) -> datetime | None:
        """When it was saved last."""
        return self._asked.saved_at


class AnsweringController(Controller):
    """Questions and follow-ups under a candidate's link."""

    path = "/i/{token:str}"
    include_in_schema = False

    @get("/questions/{number:int}")
    async def question(self, token: FromPath[str], number: FromPath[int], services: Services) -> Response[Any]:
        """One question with the answer so far."""
        return await _shown(token, door(services), number, 0)

    @post("/questions/{number:int}")
    async def answer(
        self, request: AnyRequest, token: FromPath[str], number: FromPath[int], services: Services
    ) -> Response[Any]:
        """Keep the answer, then go where the pressed button says."""
        return await _answered(request, token, door(services), number, 0)

    @post("/questions/{number:int}/draft", status_code=200)
    async def draft(
        self, request: AnyRequest, token: FromPath[str], number: FromPath[int], services: Services
    ) -> Response[Any]:
        """Keep the answer while it is being written; a problem with what is saved, where another device was faster."""
        return await _drafted(request, token, door(services), number, 0)

    @get("/questions/{number:int}/more/{at:int}")
    async def follow_up(
        self, token: FromPath[str], number: FromPath[int], at: FromPath[int], services: Services
    ) -> Response[Any]:
        """One more question about a question."""
        return await _shown(token, door(services), number, at)

    @post("/questions/{number:int}/more/{at:int}")
    async def answer_follow_up(
        self, request: AnyRequest, token: FromPath[str], number: FromPath[int], at: FromPath[int], services: Services
    ) -> Response[Any]:
        """Keep the answer to a follow-up, or pass it over, then go on."""
        return await _answered(request, token, door(services), number, at)

    @post("/questions/{number:int}/more/{at:int}/draft", status_code=200)
    async def draft_follow_up(
        self, request: AnyRequest, token: FromPath[str], number: FromPath[int], at: FromPath[int], services: Services
    ) -> Response[Any]:
        """Keep the answer to a follow-up while it is being written."""
        return await _drafted(request, token, door(services), number, at)


async def _shown(token: str, interviewing: InterviewDoor, number: int, at: int) -> Response[Any]:
    view = await interviewing.view(token)
    step = _step(view, number, at)
    return to(place(token, view)) if step is None else _step_page(token, view, step, answer=step.answer)


async def _answered(
    request: AnyRequest, token: str, interviewing: InterviewDoor, number: int, at: int
) -> Response[Any]:
    view = await interviewing.view(token)
    step = _step(view, number, at)
    if step is None:
        return to(place(token, view))
    written, revision = await typed_answer(request)
    go = await text(request, "go")
    if go == "skip" and step.follow_up is not None:
        written = ""
    try:
        if written != step.answer or (step.follow_up is not None and step.saved_at is None and go != "back"):
            await interviewing.save(token, step.id, written, revision=revision)
    except InputInvalid as exc:
        errors = {"answer": exc.fields.get("answer", str(exc))}
        return _step_page(token, view, step, answer=written, errors=errors, status_code=422)
    except MOVED_ON:
        view = await interviewing.view(token)
        meanwhile = _step(view, number, at)
        if meanwhile is None:
            return to(place(token, view))
        return page("candidate/two_answers.html", token, view, status_code=409, step=meanwhile, answer=written)
    if go == "back":
        return to(before(token, number, step.follow_up))
    if step.question.most_follow_ups:
        if not step.question.decided:
            await interviewing.follow_up(token, step.question.id)
        view = await interviewing.view(token)
    return to(after(token, view, number, go))


async def _drafted(request: AnyRequest, token: str, interviewing: InterviewDoor, number: int, at: int) -> Response[Any]:
    """Keep what is being written.

    Raises:
        Stale: the interview takes no answers now.
        InputInvalid: the answer is too long.
    """
    step = _step(await interviewing.view(token), number, at)
    if step is None:
        raise Stale("This interview takes no answers at the moment. Load the page again to see where it stands.")
    written, revision = await typed_answer(request)
    try:
        saved = await interviewing.save(token, step.id, written, revision=revision)
    except Stale as stale:
        meanwhile = _step(await interviewing.view(token), number, at)
        if meanwhile is None:
            raise
        kept = {"answer": meanwhile.answer, "revision": meanwhile.revision}
        return problem(stale.status, detail=str(stale), members={"saved": kept})
    return Response({"saved_at": saved.at.isoformat(), "revision": saved.revision})


def _step(view: CandidateView, number: int, at: int) -> Step | None:
    """The page at an address; None where the interview takes no answers, or nothing of that number was asked."""
    if view.state is not S.IN_PROGRESS:
        return None
    question = next((one for one in view.questions if one.number == number), None)
    if question is None or not at:
        return Step(question) if question else None
    follow_up = next((one for one in question.follow_ups if one.place == at), None)
    return Step(question, follow_up) if follow_up else None


def _step_page(
    token: str,
    view: CandidateView,
    step: Step,
    *,
    answer: str,
    errors: dict[str, str] | None = None,
    status_code: int = 200,
) -> Template:
    others = [q for q in view.questions if q.number != step.question.number]
    return page(
        "candidate/follow_up.html" if step.follow_up else "candidate/question.html",
        token,
        view,
        status_code=status_code,
        step=step,
        question=step.question,
        answer=answer,
        others_answered=all(q.goes_on_at is None for q in others),
        errors=errors or {},
    )
