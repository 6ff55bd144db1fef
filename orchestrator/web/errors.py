"""Errors on the way out: problem documents (RFC 9457) for machines, kind pages for people. Never an internal word."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Template
from litestar.types import ExceptionHandlersMap
from msgspec import Struct

from orchestrator.errors import Busy, InputInvalid, RequestRefused, TransitionRefused
from orchestrator.web.outage import Seldom, database_is_away
from orchestrator.web.trace import trace

PROBLEM = "application/problem+json"
_MACHINES = ("/hooks/", "/partner/", "/api/")
_CANDIDATES = "/i/"
# Seconds after which to come again when nobody knows better: a database that restarts needs about as long.
RETRY_SECONDS = 5
_OUTAGE = Seldom(1.0)
_log = logging.getLogger("evenhand.web")

AnyRequest = Request[Any, Any, Any]


class Words(Struct, frozen=True):
    """What a page says about an error: a title, and what to do now."""

    title: str
    text: str


_WORDS: Mapping[int, Words] = {
    400: Words("We could not read that", "Something in the request was not as expected. Go back and try again."),
    403: Words(
        "This is not open to you", "Your account does not have the right for this page. An admin can give it to you."
    ),
    404: Words("This page is not here", "The address may be mistyped, or what it led to is gone."),
    405: Words("This page cannot do that", "Go back and use the buttons on the page."),
    409: Words("Something changed meanwhile", "Look at the page again, then decide. Nothing of yours was overwritten."),
    413: Words("That is too long", "Go back and make the text shorter. It is still in your browser."),
    422: Words("There is something to mend", "Go back and look at what you entered."),
    429: Words(
        "One moment, please", "Many requests came from your connection. Wait a minute, then go on. Nothing is lost."
    ),
    500: Words(
        "Something went wrong on our side", "Your last step may not be saved. Wait a moment, go back, and try again."
    ),
    503: Words("We will be back in a moment", "Evenhand is busy or starting up. Try again in a minute."),
}
_LINK_UNKNOWN = Words(
    "This link does not open an interview",
    "It may have been cut off in your mail program, or a newer link has replaced it. "
    "Try to open it from the latest message that we sent you. If that does not help, reply to it: a person reads it.",
)
_FORM_TOO_OLD = Words(
    "This form could not be checked",
    "It was open for a long time, or your browser does not keep cookies. Go back, load the page again, and send it once more.",
)


def problem_body(status: int, *, detail: str = "", members: Mapping[str, object] | None = None) -> bytes:
    """The bytes of a problem document. ``members`` are added as they are, for example ``errors``."""
    document: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        document["detail"] = detail
    return msgspec.json.encode({**document, **(members or {})})


def problem(status: int, *, detail: str = "", members: Mapping[str, object] | None = None) -> Response[bytes]:
    """A problem document as an answer."""
    return Response(problem_body(status, detail=detail, members=members), status_code=status, media_type=PROBLEM)


def wants_page(request: AnyRequest) -> bool:
    """Whether a person's browser asks, judged by its Accept header; machine paths never get a page."""
    return not request.scope["path"].startswith(_MACHINES) and "text/html" in request.headers.get("accept", "")


def exception_handlers() -> ExceptionHandlersMap:
    """The handlers for ``Litestar(exception_handlers=...)``."""
    return {
        RequestRefused: _refused,
        TransitionRefused: _transition_refused,
        HTTPException: _http,
        Exception: _unexpected,
    }


def _refused(request: AnyRequest, exc: RequestRefused) -> Response[Any]:
    members = {"errors": exc.fields} if isinstance(exc, InputInvalid) and exc.fields else {}
    response = _answer(request, exc.status, detail=str(exc), members=members)
    if isinstance(exc, Busy):
        response.headers["Retry-After"] = str(exc.retry_after)
    return response


def _transition_refused(request: AnyRequest, exc: TransitionRefused) -> Response[Any]:
    del exc  # its words are for developers
    return _answer(request, HTTPStatus.CONFLICT)


def _http(request: AnyRequest, exc: HTTPException) -> Response[Any]:
    if exc.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unexpected(request, exc)
    form_too_old = exc.status_code == HTTPStatus.FORBIDDEN and "CSRF" in exc.detail
    response = _answer(request, exc.status_code, words=_FORM_TOO_OLD if form_too_old else None)
    response.headers.update(exc.headers or {})
    return response


def _unexpected(request: AnyRequest, exc: Exception) -> Response[Any]:
    # The route's pattern is logged and not the path: a path may hold a candidate's secret.
    route = request.scope.get("path_template", "?")
    if database_is_away(exc):
        if _OUTAGE.now():
            _log.error("the database is away: %s %s: %s", request.method, route, type(exc).__name__)
        return _answer(request, HTTPStatus.SERVICE_UNAVAILABLE)
    _log.error("request failed: %s %s: %s", request.method, route, trace(exc))
    status = exc.status_code if isinstance(exc, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    return _answer(request, status)


def _answer(
    request: AnyRequest,
    status: int,
    *,
    detail: str = "",
    members: Mapping[str, object] | None = None,
    words: Words | None = None,
) -> Response[Any]:
    if wants_page(request):
        response = _page(request, status, detail=detail, words=words)
    else:
        response = problem(status, detail=detail or (words.text if words else ""), members=members)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _page(request: AnyRequest, status: int, *, detail: str, words: Words | None) -> Response[Any]:
    path = request.scope["path"]
    if status == HTTPStatus.UNAUTHORIZED and not path.startswith(_CANDIDATES):
        back = "?" + urlencode({"next": path}) if request.method == "GET" else ""
        return Redirect("/sign-in" + back, status_code=303)
    said = words or _words(status, path)
    return Template(
        "errors/page.html",
        context={
            "title": said.title,
            "text": said.text,
            "detail": detail if status != HTTPStatus.NOT_FOUND else "",
            "status": status,
            "candidate": path.startswith(_CANDIDATES),
        },
        status_code=status,
        media_type=MediaType.HTML,
    )


def _words(status: int, path: str) -> Words:
    if status == HTTPStatus.NOT_FOUND and path.startswith(_CANDIDATES):
        return _LINK_UNKNOWN
    return _WORDS.get(status, _WORDS[400] if status < HTTPStatus.INTERNAL_SERVER_ERROR else _WORDS[500])
