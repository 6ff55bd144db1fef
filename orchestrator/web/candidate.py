"""The candidate's pages: welcome, practice, one question per page, check, done, help.

Reading a page changes nothing. Every form works without JavaScript. A candidate who asks for a page that does not fit
where the interview stands is led to the one that does.
"""

import re
from typing import Any, Protocol

from litestar import Controller, MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import FromPath, SkipValidation
from litestar.response import Redirect, Template

from orchestrator.domain.interview import Alternative, AskForAlternative, InterviewState, Withdraw, allowed
from orchestrator.errors import InputInvalid, Stale, TransitionRefused
from orchestrator.services.interviewing import Saved
from orchestrator.services.views import CandidateView, QuestionView
from orchestrator.web.answers_text import answers_text
from orchestrator.web.errors import problem
from orchestrator.web.typed import cleaned

AnyRequest = Request[Any, Any, Any]
S = InterviewState
_MOVED_ON = (Stale, TransitionRefused)
_REVISION = re.compile(r"[0-9]{1,9}")
_HANDED_IN = frozenset({S.SUBMITTED, S.IN_REVIEW, S.FINAL, S.CLOSED})
_STANDING_PAGES = {
    S.PAUSED: "candidate/alternative.html",
    S.HANDED_OVER: "candidate/handed_over.html",
    S.EXPIRED: "candidate/expired.html",
    S.CANCELLED: "candidate/cancelled.html",
    S.WITHDRAWN: "candidate/withdrawn.html",
}


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


class CandidateController(Controller):
    """Everything under a candidate's link."""

    path = "/i/{token:str}"
    include_in_schema = False

    @get("/")
    async def welcome(self, token: FromPath[str], services: Services) -> Response[Any]:
        """Show the welcome, or the page for where the interview stands."""
        view = await _door(services).view(token)
        if view.state is S.INVITED:
            return _page("candidate/welcome.html", token, view)
        if view.state in _STANDING_PAGES:
            return _page(_STANDING_PAGES[view.state], token, view)
        return _to(_place(token, view))

    @post("/begin")
    async def begin(self, request: AnyRequest, token: FromPath[str], services: Services) -> Response[Any]:
        """Consent to the notice that was shown; if it changed since, show the new one."""
        door = _door(services)
        try:
            await door.consent(token, notice_hash=await _text(request, "notice_hash"))
        except _MOVED_ON:
            view = await door.view(token)
            if view.state is not S.INVITED:
                return _to(_place(token, view))
            return _page("candidate/welcome.html", token, view, status_code=409, notice_changed=True)
        return _to(f"/i/{token}/practice")

    @get("/practice")
    async def practice(self, token: FromPath[str], services: Services) -> Response[Any]:
        """One light question; its box has no name, so nothing typed is ever sent."""
        view = await _door(services).view(token)
        if view.state is not S.IN_PROGRESS:
            return _to(_place(token, view))
        return _page("candidate/practice.html", token, view)

    @post("/practice")
    async def end_practice(self, token: FromPath[str], services: Services) -> Response[Any]:
        """Go on to the first question without an answer."""
        return _to(_place(token, await _door(services).view(token)))

    @get("/questions/{number:int}")
    async def question(self, token: FromPath[str], number: FromPath[int], services: Services) -> Response[Any]:
        """One question with the answer so far."""
        view = await _door(services).view(token)
        question = _question(view, number)
        if question is None:
            return _to(_place(token, view))
        return _question_page(token, view, question, answer=question.answer)

    @post("/questions/{number:int}")
    async def answer(
        self, request: AnyRequest, token: FromPath[str], number: FromPath[int], services: Services
    ) -> Response[Any]:
        """Keep the answer, then go where the pressed button says."""
        door = _door(services)
        view = await door.view(token)
        question = _question(view, number)
        if question is None:
            return _to(_place(token, view))
        text, revision = await _answer(request)
        try:
            if text != question.answer:
                await door.save(token, question.id, text, revision=revision)
        except InputInvalid as exc:
            errors = {"answer": exc.fields.get("answer", str(exc))}
            return _question_page(token, view, question, answer=text, errors=errors, status_code=422)
        except _MOVED_ON:
            view = await door.view(token)
            meanwhile = _question(view, number)
            if meanwhile is None:
                return _to(_place(token, view))
            return _page("candidate/two_answers.html", token, view, status_code=409, question=meanwhile, answer=text)
        return _to(_after(token, view, number, await _text(request, "go")))

    @post("/questions/{number:int}/draft", status_code=200)
    async def draft(
        self, request: AnyRequest, token: FromPath[str], number: FromPath[int], services: Services
    ) -> Response[Any]:
        """Keep the answer while it is being written; a problem with what is saved, where another device was faster.

        Raises:
            Stale: the interview takes no answers now.
            InputInvalid: the answer is too long.
        """
        door = _door(services)
        question = _question(await door.view(token), number)
        if question is None:
            raise Stale("This interview takes no answers at the moment. Load the page again to see where it stands.")
        text, revision = await _answer(request)
        try:
            saved = await door.save(token, question.id, text, revision=revision)
        except Stale as stale:
            meanwhile = _question(await door.view(token), number)
            if meanwhile is None:
                raise
            kept = {"answer": meanwhile.answer, "revision": meanwhile.revision}
            return problem(stale.status, detail=str(stale), members={"saved": kept})
        return Response({"saved_at": saved.at.isoformat(), "revision": saved.revision})

    @get("/check")
    async def check(self, token: FromPath[str], services: Services) -> Response[Any]:
        """All answers on one page before they are handed in."""
        view = await _door(services).view(token)
        if view.state is not S.IN_PROGRESS:
            return _to(_place(token, view))
        return _page("candidate/check.html", token, view, errors={})

    @post("/submit")
    async def submit(self, token: FromPath[str], services: Services) -> Response[Any]:
        """Hand in. Pressing twice is harmless."""
        door = _door(services)
        try:
            await door.submit(token)
        except InputInvalid as exc:
            errors = {"question-1": str(exc)}
            return _page("candidate/check.html", token, await door.view(token), status_code=422, errors=errors)
        except _MOVED_ON:
            return _to(_place(token, await door.view(token)))
        return _to(f"/i/{token}/done")

    @get("/done")
    async def done(self, token: FromPath[str], services: Services) -> Response[Any]:
        """What happens next, and one's own answers."""
        view = await _door(services).view(token)
        if view.state not in _HANDED_IN:
            return _to(_place(token, view))
        return _page("candidate/done.html", token, view, can_withdraw=allowed(view.state, Withdraw()))

    @get("/answers.txt")
    async def answers(self, token: FromPath[str], services: Services) -> Response[str]:
        """One's own answers as a file."""
        text = answers_text(await _door(services).view(token))
        name = 'attachment; filename="my-answers.txt"'
        return Response(text, media_type=MediaType.TEXT, headers={"Content-Disposition": name})

    @get("/help")
    async def help(self, request: AnyRequest, token: FromPath[str], services: Services) -> Response[Any]:
        """Ask for a person or an adjustment; ``?kind=`` chooses one beforehand."""
        view = await _door(services).view(token)
        return _help_page(token, view, kind=request.query_params.get("kind", ""))

    @post("/help")
    async def ask(self, request: AnyRequest, token: FromPath[str], services: Services) -> Response[Any]:
        """Pass the request on to people; every clock stops."""
        door = _door(services)
        kind, message = await _text(request, "kind"), await _text(request, "message")
        if kind not in set(Alternative):
            errors = {"kind": "Choose what would help you."}
            return _help_page(token, await door.view(token), message=message, errors=errors)
        try:
            await door.ask(token, Alternative(kind), message)
        except InputInvalid as exc:
            errors = exc.fields or {"message": str(exc)}
            return _help_page(token, await door.view(token), kind=kind, message=message, errors=errors)
        except _MOVED_ON:
            return _to(f"/i/{token}/help")
        return _to(f"/i/{token}")

    @post("/withdraw", status_code=200)
    async def withdraw(self, token: FromPath[str], services: Services) -> Response[Any]:
        """End the interview. The link may be dead afterwards, so the page is the answer itself and no redirect."""
        door = _door(services)
        view = await door.view(token)
        if not allowed(view.state, Withdraw()) and view.state is not S.WITHDRAWN:
            return _to(f"/i/{token}/help")
        await door.withdraw(token)
        return _page(_STANDING_PAGES[S.WITHDRAWN], token, view)


def _door(services: HasInterviewing) -> InterviewDoor:
    return services.interviewing


def _place(token: str, view: CandidateView) -> str:
    if view.state in _HANDED_IN:
        return f"/i/{token}/done"
    if view.state is not S.IN_PROGRESS:
        return f"/i/{token}"
    unanswered = next((q.number for q in view.questions if not q.answer.strip()), None)
    return f"/i/{token}/check" if unanswered is None else f"/i/{token}/questions/{unanswered}"


def _after(token: str, view: CandidateView, number: int, go: str) -> str:
    if go == "back":
        return f"/i/{token}/questions/{number - 1}" if number > 1 else f"/i/{token}/practice"
    if go == "check" or number == len(view.questions):
        return f"/i/{token}/check"
    return f"/i/{token}/questions/{number + 1}"


def _question(view: CandidateView, number: int) -> QuestionView | None:
    if view.state is not S.IN_PROGRESS:
        return None
    return next((q for q in view.questions if q.number == number), None)


def _question_page(
    token: str,
    view: CandidateView,
    question: QuestionView,
    *,
    answer: str,
    errors: dict[str, str] | None = None,
    status_code: int = 200,
) -> Template:
    others_answered = all(q.answer.strip() for q in view.questions if q.number != question.number)
    return _page(
        "candidate/question.html",
        token,
        view,
        status_code=status_code,
        question=question,
        answer=answer,
        others_answered=others_answered,
        errors=errors or {},
    )


def _help_page(
    token: str, view: CandidateView, *, kind: str = "", message: str = "", errors: dict[str, str] | None = None
) -> Template:
    can_ask = allowed(view.state, AskForAlternative(Alternative.PERSON))
    return _page(
        "candidate/help.html",
        token,
        view,
        status_code=422 if errors else 200,
        can_ask=can_ask,
        can_withdraw=allowed(view.state, Withdraw()),
        back=_place(token, view),
        kind=kind,
        message=message,
        errors=errors or {},
    )


def _page(name: str, token: str, view: CandidateView, *, status_code: int = 200, **context: object) -> Template:
    return Template(name, context={"view": view, "here": f"/i/{token}", **context}, status_code=status_code)


def _to(path: str) -> Redirect:
    return Redirect(path, status_code=303)


async def _text(request: AnyRequest, name: str) -> str:
    # Browsers send line ends as CR LF, whatever was typed; the transcript counts characters.
    value = (await request.form()).get(name, "")
    return cleaned(value) if isinstance(value, str) else ""


async def _answer(request: AnyRequest) -> tuple[str, int | None]:
    """The answer, and the revision on top of which it was written, where the form says it.

    Raises:
        ValidationException: there is no answer (to take that for an empty one would wipe what is saved), or the
            revision is no number.
    """
    form = await request.form()
    revision = await _text(request, "revision") if "revision" in form else None
    if "answer" not in form or (revision is not None and not _REVISION.fullmatch(revision)):
        raise ValidationException
    return await _text(request, "answer"), None if revision is None else int(revision)
