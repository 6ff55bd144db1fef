"""The webhook receiver: verify the raw bytes, store, answer. Everything else happens afterwards."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from orchestrator.services.intake import Intake, Receipt
from orchestrator.web.app import HOOK_LIMIT, SERVICES
from orchestrator.web.errors import problem_body
from orchestrator.web.gates import gates_of

CAPABILITY = "x-evenhand-capability"
"""The header in which an adapter finds the end of the address; whatever a sender puts there itself is dropped."""

_Lines = Sequence[tuple[bytes, bytes]]
_Said = tuple[int, _Lines, bytes]
_JSON: _Lines = ((b"content-type", b"application/json"),)
_PROBLEM: _Lines = ((b"content-type", b"application/problem+json"),)


def _straight(app: ASGIApp) -> ASGIApp:  # noqa: ARG001 - what every middleware is given
    """Answers in place of the route's handler.

    Inside all of Litestar's limits and error handlers, but without a request object, dependency injection, validation
    and a response object, which together cost more than verifying and reading a delivery does.
    """

    async def take_in(scope: Scope, receive: Receive, send: Send) -> None:
        http: HTTPScope = scope  # type: ignore[assignment]  # the route takes nothing but HTTP
        status, lines, body = await _answer(http, receive)
        if status:
            lines = [*lines, (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": status, "headers": lines})
            await send({"type": "http.response.body", "body": body, "more_body": False})

    return take_in


@post("/hooks/{connection:str}", middleware=[_straight])
async def receive() -> None:
    """Take one delivery in. The answer is given after the delivery is on disk, with the status the vendor expects."""


@post("/hooks/{connection:str}/{capability:str}", middleware=[_straight])
async def receive_at_capability() -> None:
    """Take in one delivery of a vendor that cannot sign: the random end of the address shows that we gave it out."""


async def _answer(scope: HTTPScope, receive: Receive) -> _Said:
    """Status, headers and body of the answer; the status is 0 where nobody is left to answer."""
    app = scope["litestar_app"]
    intake: Intake = app.opt[SERVICES].intake
    connection: str = scope["path_params"]["connection"]
    capability: str = scope["path_params"].get("capability", "")
    # Before the body: a stranger must not make us read a megabyte, or keep a counter for a name of their choice.
    intake.known(connection)
    pace = gates_of(app).connections
    pace.take(connection)
    spent = False
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    headers[CAPABILITY] = capability
    try:
        body = await _read(headers, receive)
        if body is None:
            return 0, (), b""
        greeting = intake.greet(connection, headers, body)
        if greeting is not None:
            lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in greeting.headers.items()]
            return greeting.status, lines, greeting.body
        receipt = await intake.receive(connection, headers, body)
        spent = True
    except RequestEntityTooLarge:
        await intake.refuse(connection, "TooLarge")
        raise
    except SignatureInvalid as error:
        return _refusal(HTTPStatus.UNAUTHORIZED, f"The delivery is not signed as it must be: {error}.")
    except PayloadInvalid as error:
        spent = True
        return _refusal(HTTPStatus.BAD_REQUEST, f"The delivery cannot be read: {error}.")
    finally:
        # Only what was signed counts for the connection: a stranger must not use up what the ATS may send.
        if not spent:
            pace.give_back(connection)
    return receipt.status, _JSON, _ANSWERS[receipt.stored, receipt.duplicate]


async def _read(headers: dict[str, str], receive: Receive) -> bytes | None:
    """The whole body; None where the sender left in the middle.

    Raises:
        RequestEntityTooLarge: more than a delivery may have.
    """
    announced = headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > HOOK_LIMIT:
        raise RequestEntityTooLarge
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message: Any = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message["body"])
        size += len(parts[-1])
        if size > HOOK_LIMIT:
            raise RequestEntityTooLarge
        more = message.get("more_body", False)
    return b"".join(parts)


def _refusal(status: HTTPStatus, detail: str) -> _Said:
    return status, _PROBLEM, problem_body(status, detail=detail)


def _answers() -> dict[tuple[bool, bool], bytes]:
    receipts = [Receipt(0, stored=stored, duplicate=again) for stored in (True, False) for again in (True, False)]
    return {
        (one.stored, one.duplicate): msgspec.json.encode({"stored": one.stored, "duplicate": one.duplicate})
        for one in receipts
    }


_ANSWERS = _answers()
