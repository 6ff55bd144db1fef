"""Partner assessments: what an ATS asks us where a recruiter orders an interview in it.

Which addresses there are, how the ATS shows who it is, and how an answer looks, the vendor's server says.
"""

from http import HTTPStatus
from pathlib import Path

from litestar import HttpMethod, Response, route
from litestar.di import NamedDependency
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import FromPath, SkipValidation

from adapters.contract.assessment import PartnerRequest, TokenIssuer
from adapters.contract.delivery import Answer
from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from orchestrator.domain.ordering import OrderRefusal
from orchestrator.services.connections import OrderDesk
from orchestrator.web.app import HOOK_LIMIT
from orchestrator.web.deps import Services
from orchestrator.web.errors import AnyRequest, problem
from orchestrator.web.gates import gates_of
from orchestrator.web.typed import key_in_address

METHODS = (HttpMethod.GET, HttpMethod.POST)
"""What the vendors use between them."""


@route("/partner/{connection:str}/{path:path}", http_method=METHODS, request_max_body_size=HOOK_LIMIT)
async def partner(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    connection: FromPath[str],
    path: FromPath[Path],
) -> Response[bytes]:
    """Answer one request of an ATS in which interviews can be ordered.

    Raises:
        Missing: no such connection, or nothing can be ordered there.
    """
    desk = services.ordering.desk(key_in_address(connection))
    method, below = asked = request.method, str(path).strip("/")
    server = desk.server
    sign_ins = (server.token_route,) if isinstance(server, TokenIssuer) else ()
    signs_in = asked in sign_ins
    if asked not in server.routes and not signs_in:
        return problem(HTTPStatus.NOT_FOUND, detail="This ATS asks for nothing at this address.")
    pace, key = gates_of(request.app).connections, f"partner/{connection}"
    pace.take(key)
    spent = False
    try:
        heard = await (_sign_in(request, desk) if signs_in else _heard(request, desk, method, below))
        spent = not isinstance(heard, Answer) or heard.status < HTTPStatus.BAD_REQUEST
    except RequestEntityTooLarge:
        await services.intake.refuse(connection, "TooLarge")
        raise
    except PayloadInvalid as error:
        spent = True
        # An order may be lost by this, and only the vendor knows: let it be seen.
        await services.intake.refuse(connection, OrderRefusal.UNREADABLE)
        return problem(HTTPStatus.BAD_REQUEST, detail=f"The request cannot be read: {error}.")
    finally:
        # Only what was shown to be the ATS counts for the connection: a stranger must not use up its share.
        if not spent:
            pace.give_back(key)
    if not isinstance(heard, Answer):
        return _said(await services.ordering.answer(connection, heard))
    if not spent:
        await services.ordering.strangers.count(connection)
    return _said(heard)


async def _heard(request: AnyRequest, desk: OrderDesk, method: str, below: str) -> PartnerRequest | Answer:
    """What is asked, or the answer to a stranger: looked at before the body, so that none makes us read one.

    Raises:
        PayloadInvalid: not the documented shape, from somebody who showed a key of ours.
    """
    server, headers = desk.server, dict(request.headers)
    try:
        server.authenticate(headers, secrets=desk.secrets)
        return server.read(method, below, dict(request.query_params), headers, await request.body())
    except SignatureInvalid:
        return server.unauthorised()


async def _sign_in(request: AnyRequest, desk: OrderDesk) -> Answer:
    assert isinstance(desk.server, TokenIssuer)  # noqa: S101 - the caller looked
    return desk.server.token(dict(request.headers), await request.body(), secrets=desk.secrets)


def _said(answer: Answer) -> Response[bytes]:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    media = headers.pop("content-type", None)
    return Response(answer.body, status_code=answer.status, headers=headers, media_type=media)
