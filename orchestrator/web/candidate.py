"""The candidate's pages: welcome, practice, check, done, help; those on which they answer are in `answering`.

Reading a page changes nothing. Every form works without JavaScript. A candidate who asks for a page that does not fit
where the interview stands is led to the one that does.
"""

from typing import Any

from litestar import MediaType, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from orchestrator.domain.interview import Alternative, AskForAlternative, Withdraw, allowed
from orchestrator.errors import InputInvalid
from orchestrator.services.candidate_views import CandidateView
from orchestrator.web.answering import AnsweringController
from orchestrator.web.answers_text import answers_text
from orchestrator.web.candidate_flow import (
    HANDED_IN,
    MOVED_ON,
    AnyRequest,
    S,
    Services,
    door,
    page,
    place,
    text,
    to,
)

_STANDING_PAGES = {
    S.PAUSED: "candidate/alternative.html",
    S.HANDED_OVER: "candidate/handed_over.html",
    S.EXPIRED: "candidate/expired.html",
    S.CANCELLED: "candidate/cancelled.html",
    S.WITHDRAWN: "candidate/withdrawn.html",
}


class CandidateController(AnsweringController):
    """Everything under a candidate's link."""

    path = "/i/{token:str}"
    include_in_schema = False

    @get("/")
    async def welcome(self, token: FromPath[str], services: Services) -> Response[Any]:
        """Show the welcome, or the page for where the interview stands."""
        view = await door(services).view(token)
        if view.state is S.INVITED:
            return page("candidate/welcome.html", token, view)
        if view.state in _STANDING_PAGES:
            return page(_STANDING_PAGES[view.state], token, view)
        return to(place(token, view))

    @post("/begin")
    async def begin(self, request: AnyRequest, token: FromPath[str], services: Services) -> Response[Any]:
        """Consent to the notice that was shown; if it changed since, show the new one."""
        interviewing = door(services)
        try:
            await interviewing.consent(token, notice_hash=await text(request, "notice_hash"))
        except MOVED_ON:
            view = await interviewing.view(token)
            if view.state is not S.INVITED:
                return to(place(token, view))
            return page("candidate/welcome.html", token, view, status_code=409, notice_changed=True)
        return to(f"/i/{token}/practice")

    @get("/practice")
    async def practice(self, token: FromPath[str], services: Services) -> Response[Any]:
        """One light question; its box has no name, so nothing typed is ever sent."""
        view = await door(services).view(token)
        if view.state is not S.IN_PROGRESS:
            return to(place(token, view))
        return page("candidate/practice.html", token, view)

    @post("/practice")
    async def end_practice(self, token: FromPath[str], services: Services) -> Response[Any]:
        """Go on to the first question that is not done."""
        return to(place(token, await door(services).view(token)))

    @get("/check")
    async def check(self, token: FromPath[str], services: Services) -> Response[Any]:
        """All answers on one page before they are handed in."""
        view = await door(services).view(token)
        if view.state is not S.IN_PROGRESS:
            return to(place(token, view))
        return page("candidate/check.html", token, view, errors={})

    @post("/submit")
    async def submit(self, token: FromPath[str], services: Services) -> Response[Any]:
        """Hand in. Pressing twice is harmless."""
        interviewing = door(services)
        try:
            await interviewing.submit(token)
        except InputInvalid as exc:
            errors = {"question-1": str(exc)}
            return page("candidate/check.html", token, await interviewing.view(token), status_code=422, errors=errors)
        except MOVED_ON:
            return to(place(token, await interviewing.view(token)))
        return to(f"/i/{token}/done")

    @get("/done")
    async def done(self, token: FromPath[str], services: Services) -> Response[Any]:
        """What happens next, and one's own answers."""
        view = await door(services).view(token)
        if view.state not in HANDED_IN:
            return to(place(token, view))
        return page("candidate/done.html", token, view, can_withdraw=allowed(view.state, Withdraw()))

    @get("/answers.txt")
    async def answers(self, token: FromPath[str], services: Services) -> Response[str]:
        """One's own answers as a file."""
        written = answers_text(await door(services).view(token))
        name = 'attachment; filename="my-answers.txt"'
        return Response(written, media_type=MediaType.TEXT, headers={"Content-Disposition": name})

    @get("/help")
    async def help(self, request: AnyRequest, token: FromPath[str], services: Services) -> Response[Any]:
        """Ask for a person or an adjustment; ``?kind=`` chooses one beforehand."""
        view = await door(services).view(token)
        return _help_page(token, view, kind=request.query_params.get("kind", ""))

    @post("/help")
    async def ask(self, request: AnyRequest, token: FromPath[str], services: Services) -> Response[Any]:
        """Pass the request on to people; every clock stops."""
        interviewing = door(services)
        kind, message = await text(request, "kind"), await text(request, "message")
        if kind not in set(Alternative):
            errors = {"kind": "Choose what would help you."}
            return _help_page(token, await interviewing.view(token), message=message, errors=errors)
        try:
            await interviewing.ask(token, Alternative(kind), message)
        except InputInvalid as exc:
            errors = exc.fields or {"message": str(exc)}
            return _help_page(token, await interviewing.view(token), kind=kind, message=message, errors=errors)
        except MOVED_ON:
            return to(f"/i/{token}/help")
        return to(f"/i/{token}")

    @post("/withdraw", status_code=200)
    async def withdraw(self, token: FromPath[str], services: Services) -> Response[Any]:
        """End the interview. The link may be dead afterwards, so the page is the answer itself and no redirect."""
        interviewing = door(services)
        view = await interviewing.view(token)
        if not allowed(view.state, Withdraw()) and view.state is not S.WITHDRAWN:
            return to(f"/i/{token}/help")
        await interviewing.withdraw(token)
        return page(_STANDING_PAGES[S.WITHDRAWN], token, view)


def _help_page(
    token: str, view: CandidateView, *, kind: str = "", message: str = "", errors: dict[str, str] | None = None
) -> Template:
    can_ask = allowed(view.state, AskForAlternative(Alternative.PERSON))
    return page(
        "candidate/help.html",
        token,
        view,
        status_code=422 if errors else 200,
        can_ask=can_ask,
        can_withdraw=allowed(view.state, Withdraw()),
        back=place(token, view),
        kind=kind,
        message=message,
        errors=errors or {},
    )
