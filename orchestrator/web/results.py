"""The page behind the write-back link: evidence first, read only, every view logged by the service."""

from datetime import UTC, datetime

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from orchestrator.web.case_page import case_context
from orchestrator.web.guards import TeamRequest, reviewers_only
from orchestrator.web.team_services import Services
from orchestrator.web.typed import key_in_address


@get("/results/{audit_ref:str}", summary="Result", guards=[reviewers_only])
async def show_result(request: TeamRequest, services: Services, audit_ref: FromPath[str]) -> Template:
    """One final result with everything that explains it."""
    result = await services.reviewing.result(key_in_address(audit_ref), viewer=request.user)
    return Template(
        "team/result.html",
        context=case_context(result, now=datetime.now(UTC)),
    )
