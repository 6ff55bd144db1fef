"""The page of a connection: what it signs in with, when that ends, and consent in the browser."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Response, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from orchestrator.db.models.account import Role
from orchestrator.errors import InputInvalid, RequestRefused, Stale
from orchestrator.web.guards import TeamRequest, admins_only
from orchestrator.web.phrases import Phrases
from orchestrator.web.session import session_token
from orchestrator.web.team_services import Services, TeamServices
from orchestrator.web.typed import cleaned, key_in_address

CONNECTED = "connected"


class ConnectionsController(Controller):
    """Everything under /operations/connections but what the list of troubles offers."""

    path = "/operations/connections"

    @get("/{connection:str}", summary="A connection")
    async def show(
        self, request: TeamRequest, services: Services, connection: FromPath[str], told: FromQuery[str] = ""
    ) -> Template:
        """What the connection signs in with, never a value."""
        return await _page(request, services, key_in_address(connection), connected=told == CONNECTED)

    @post("/{connection:str}/consent", summary="Ask for consent", guards=[admins_only], status_code=HTTP_200_OK)
    async def ask(self, request: TeamRequest, services: Services, connection: FromPath[str]) -> Template:
        """A link to the vendor, good once. No redirect: the pages' own policy lets no form lead to another site."""
        key = key_in_address(connection)
        view = await services.consenting.page(key)
        try:
            address = await services.consenting.begin(
                key, actor=request.user, session_token=session_token(request) or ""
            )
        except InputInvalid as refused:
            return await _page(request, services, key, refused=refused)
        host = urlsplit(address).hostname or ""
        return Template("team/consent.html", context={"view": view, "address": address, "host": host})

    @get("/{connection:str}/consent/answer", summary="The vendor's answer", guards=[admins_only])
    async def answer(
        self,
        request: TeamRequest,
        services: Services,
        connection: FromPath[str],
        asked: Annotated[str, QueryParameter(name="state")] = "",
        code: FromQuery[str] = "",
    ) -> Response[Any]:
        """Where the vendor sends the browser back to: the code becomes tokens at once."""
        key = key_in_address(connection)
        try:
            await services.consenting.complete(
                key,
                state=cleaned(asked),
                code=cleaned(code),
                actor=request.user,
                session_token=session_token(request) or "",
            )
        except (InputInvalid, Stale) as refused:
            return await _page(request, services, key, refused=refused)
        return Redirect(f"/operations/connections/{key}?told={CONNECTED}", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: TeamRequest,
    services: TeamServices,
    connection: str,
    *,
    connected: bool = False,
    refused: RequestRefused | None = None,
) -> Template:
    now = datetime.now(UTC)
    return Template(
        "team/connection.html",
        context={
            "now": now,
            "view": await services.consenting.page(connection),
            "connected": connected,
            "refused": str(refused) if refused else "",
            "admin": request.user.role == Role.ADMIN,
            "say": Phrases(now),
        },
        status_code=refused.status if refused else HTTP_200_OK,
    )
