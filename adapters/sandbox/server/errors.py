"""What the API refuses, as problem documents (RFC 9457) with a stable ``code``."""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException


class FieldError(msgspec.Struct, frozen=True):
    """One refused field of a request."""

    field: str
    code: str
    detail: str


class Problem(Exception):
    """A request that is refused: ``status`` is HTTP's, ``code`` is stable, ``detail`` is for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        required_scope: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.required_scope = required_scope
        self.retry_after = retry_after


def not_found(what: str) -> Problem:
    """Make the problem for a record that does not exist."""
    return Problem(404, "not_found", f"there is no such {what}")


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The JSON body of every error answer."""

    status: int
    title: str
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    required_scope: str | None = None


def answer_problem(_: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    """Answer with a problem document."""
    document = ProblemDocument(
        status=problem.status,
        title=problem.code.replace("_", " ").capitalize(),
        code=problem.code,
        detail=problem.detail,
        errors=problem.errors,
        required_scope=problem.required_scope,
    )
    headers = {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
    return Response(
        msgspec.json.encode(document),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers,
    )


def answer_unreadable(request: Request[Any, Any, Any], _: Exception) -> Response[bytes]:
    """Answer a body that no decoder can read."""
    return answer_problem(request, Problem(400, "bad_request", "the body cannot be read"))


def answer_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes] | Response[str]:
    """Answer the framework's own refusals in the same shape; people on the board get one plain sentence."""
    if not request.url.path.startswith("/api/"):
        return Response(
            f"{error.status_code}: {error.detail}", status_code=error.status_code, media_type=MediaType.TEXT
        )
    code = "bad_request" if error.status_code == 400 else "http_error"  # noqa: PLR2004 - the status speaks for itself
    return answer_problem(request, Problem(error.status_code, code, error.detail))
