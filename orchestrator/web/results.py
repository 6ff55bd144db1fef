"""The pages behind links to results: all of it for the team, and what the ATS was told for whoever has a result link.

Both are read only and every view is logged by the service. The link can be revoked on the team's page, and on that of its
application.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Response, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_404_NOT_FOUND
from msgspec import Struct

from orchestrator.errors import InputInvalid, Missing
from orchestrator.services.links import TOKEN
from orchestrator.web.case_page import case_context
from orchestrator.web.errors import wants_page
from orchestrator.web.guards import TeamRequest, reviewers_only
from orchestrator.web.operations import Told, actor_of, timeline_page
from orchestrator.web.phrases import Phrases
from orchestrator.web.session import session_token
from orchestrator.web.team_services import Services, TeamServices
from orchestrator.web.typed import key_in_address, reason_typed

# Said in the head of every page as well; this is for what reads no pages.
_NOT_FOR_SEARCH = {"X-Robots-Tag": "noindex, nofollow, noarchive"}


class RevokeForm(Struct, frozen=True):
    """Why a link is revoked."""

    reason: str = ""


@get("/results/{audit_ref:str}", summary="Result", guards=[reviewers_only])
async def show_result(
    request: TeamRequest, services: Services, audit_ref: FromPath[str], told: FromQuery[str] = ""
) -> Template:
    """One final result with everything that explains it."""
    return await _page(request, services, key_in_address(audit_ref), told=told)


@post(
    "/results/{audit_ref:str}/link/revoke",
    summary="Revoke a result link",
    guards=[reviewers_only],
    status_code=HTTP_303_SEE_OTHER,
)
async def revoke_result_link(
    request: TeamRequest, services: Services, audit_ref: FromPath[str], data: URLEncodedBody[RevokeForm]
) -> Response[Any]:
    """From now on the link opens nothing; people with an account lose nothing."""
    key = key_in_address(audit_ref)
    try:
        await services.result_links.revoke(key, reason=reason_typed(data.reason), actor=actor_of(request))
    except InputInvalid as refused:
        return await _page(request, services, key, refused=refused, typed=data.reason)
    return Redirect(f"/results/{key}?told={Told.REVOKED.value}", status_code=HTTP_303_SEE_OTHER)


@post(
    "/operations/applications/{application_id:uuid}/link/revoke",
    summary="Revoke a result link before there is a result",
    guards=[reviewers_only],
    status_code=HTTP_303_SEE_OTHER,
)
async def revoke_link_of_application(
    request: TeamRequest, services: Services, application_id: FromPath[UUID], data: URLEncodedBody[RevokeForm]
) -> Response[Any]:
    """As on the page of a result; raises Missing where the application has no link."""
    link = await services.result_links.of_application(application_id)
    if link is None:
        raise Missing("This application has no result link.")
    try:
        await services.result_links.revoke(str(link.id), reason=reason_typed(data.reason), actor=actor_of(request))
    except InputInvalid as refused:
        return await timeline_page(request, services, application_id, refused=refused, typed=data.reason)
    return Redirect(
        f"/operations/applications/{application_id}?told={Told.REVOKED.value}", status_code=HTTP_303_SEE_OTHER
    )


@get("/r/{token:str}", summary="Result link", include_in_schema=False)
async def open_result_link(
    request: Request[Any, Any, State], services: Services, token: FromPath[str]
) -> Response[Any]:
    """What the ATS was told. Somebody who is signed in goes on to the whole result, also from a link that is dead.

    Raises:
        Missing: there is nothing behind this token, or no more; for machines, people get a page that says so.
    """
    if (full := await _full_page(request, services, token)) is not None:
        return Redirect(full, status_code=HTTP_303_SEE_OTHER)
    try:
        shared = await services.result_links.view(token)
    except Missing:
        if not wants_page(request):
            raise
        return Template("results/dead.html", status_code=HTTP_404_NOT_FOUND, headers=_NOT_FOR_SEARCH)
    context = {"shared": shared, "say": Phrases(datetime.now(UTC))}
    return Template("results/shared.html", context=context, headers=_NOT_FOR_SEARCH)


async def _full_page(request: Request[Any, Any, State], services: TeamServices, token: str) -> str | None:
    """Where somebody who is signed in goes; None for everybody else."""
    session = session_token(request)
    if not session or not TOKEN.fullmatch(token) or await services.accounts.account(session) is None:
        return None
    return await services.result_links.full_page(token)


async def _page(
    request: TeamRequest,
    services: TeamServices,
    audit_ref: str,
    *,
    told: str = "",
    refused: InputInvalid | None = None,
    typed: str = "",
) -> Template:
    result = await services.reviewing.result(audit_ref, viewer=request.user)
    return Template(
        "team/result.html",
        context={
            **case_context(result, now=datetime.now(UTC)),
            "link": await services.result_links.of_result(audit_ref),
            "revoked_now": told == Told.REVOKED,
            "revoke_at": f"/results/{audit_ref}/link/revoke",
            "errors": {"revoke-reason": str(refused)} if refused else {},
            "typed": typed,
        },
        status_code=refused.status if refused else HTTP_200_OK,
    )
