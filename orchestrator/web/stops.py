"""Kill switches on the operations page."""

from typing import Any

from litestar import Controller, post
from litestar.params import URLEncodedBody
from litestar.response import Response
from litestar.status_codes import HTTP_303_SEE_OTHER
from msgspec import Struct

from orchestrator.errors import InputInvalid
from orchestrator.services.stopping import reach_of
from orchestrator.web.guards import TeamRequest, admins_only
from orchestrator.web.operations import Told, actor_of, back, operations_page
from orchestrator.web.team_services import Services
from orchestrator.web.typed import cleaned, reason_typed


class StopForm(Struct, frozen=True):
    """How far a stop reaches, and why."""

    reach: str = ""
    reason: str = ""


class StopsController(Controller):
    """Stop sending, and go on."""

    path = "/operations/stops"

    @post("/", summary="Stop sending", guards=[admins_only], status_code=HTTP_303_SEE_OTHER)
    async def stop(self, request: TeamRequest, services: Services, data: URLEncodedBody[StopForm]) -> Response[Any]:
        """Nothing of this scope is sent until somebody lets it go on."""
        try:
            await services.stopping.stop(
                reach_of(cleaned(data.reach)), reason=reason_typed(data.reason), actor=actor_of(request)
            )
        except InputInvalid as refused:
            return await operations_page(services, refused=refused, field="stop", typed=data.reason, chosen=data.reach)
        return back(Told.STOPPED)

    @post("/resume", summary="Go on", guards=[admins_only], status_code=HTTP_303_SEE_OTHER)
    async def resume(self, request: TeamRequest, services: Services, data: URLEncodedBody[StopForm]) -> Response[Any]:
        """What waited goes on in its order."""
        try:
            await services.stopping.resume(
                reach_of(cleaned(data.reach)), reason=reason_typed(data.reason), actor=actor_of(request)
            )
        except InputInvalid as refused:
            return await operations_page(services, refused=refused, field=f"resume-{data.reach}", typed=data.reason)
        return back(Told.LET_GO)
