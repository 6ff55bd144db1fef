"""The webhook receiver: verify the raw bytes, store, answer. Everything else happens afterwards."""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import FromPath, SkipValidation

from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from orchestrator.web.app import HOOK_LIMIT
from orchestrator.web.deps import Services
from orchestrator.web.errors import problem


@post("/hooks/{connection:str}", request_max_body_size=HOOK_LIMIT)
async def receive(
    request: Request[Any, Any, Any], connection: FromPath[str], services: NamedDependency[SkipValidation[Services]]
) -> Response[Any]:
    """Take one delivery in. The answer is given after the delivery is on disk, with the status the vendor expects."""
    # Before the body: a stranger must not make us read a megabyte, or keep a counter for a name of their choice.
    services.intake.known(connection)
    try:
        body = await request.body()
    except RequestEntityTooLarge:
        await services.intake.refuse(connection, "TooLarge")
        raise
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        receipt = await services.intake.receive(connection, headers, body)
    except SignatureInvalid as error:
        return problem(HTTPStatus.UNAUTHORIZED, detail=f"The delivery is not signed as it must be: {error}.")
    except PayloadInvalid as error:
        return problem(HTTPStatus.BAD_REQUEST, detail=f"The delivery cannot be read: {error}.")
    answer = {"stored": receipt.stored, "duplicate": receipt.duplicate}
    return Response(answer, status_code=receipt.status)
