"""Operations: is all quiet, what needs a person, and what happened to one application."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Response, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from msgspec import Struct

from adapters.contract.model import StageKind
from orchestrator.db.models.account import Role
from orchestrator.errors import InputInvalid
from orchestrator.web.guards import TeamRequest, admins_only, reviewers_only
from orchestrator.web.phrases import Phrases
from orchestrator.web.team_services import Services, TeamServices
from orchestrator.web.typed import key_in_address, reason_typed, work_number


class Section(StrEnum):
    """The three sections of the page."""

    ATTENTION = "attention"
    APPLICATIONS = "applications"
    SYNC = "sync"


class Told(StrEnum):
    """What the page confirms after a form was sent."""

    MAPPED = "mapped"
    REPLAYED = "replayed"
    DONE = "done"
    EXTENDED = "extended"
    RESUMED = "resumed"
    STOPPED = "stopped"
    LET_GO = "let_go"
    REVOKED = "revoked"


class MapForm(Struct, frozen=True):
    """The canonical stage that a customer's stage is."""

    kind: str = ""


class DoneForm(Struct, frozen=True):
    """Why a dead letter needs no machine any more."""

    reason: str = ""


class OperationsController(Controller):
    """Everything under /operations."""

    path = "/operations"

    @get("/", summary="Operations")
    async def overview(
        self,
        services: Services,
        show: FromQuery[str] = "",
        told: FromQuery[str] = "",
    ) -> Template:
        """The health line, then one section at a time."""
        return await operations_page(services, section=_section(show), told=told)

    @get("/applications/{application_id:uuid}", summary="Timeline of an application")
    async def timeline(
        self, request: TeamRequest, services: Services, application_id: FromPath[UUID], told: FromQuery[str] = ""
    ) -> Template:
        """Everything that happened to one application."""
        return await timeline_page(request, services, application_id, told=told)

    @post(
        "/applications/{application_id:uuid}/extend",
        summary="Send a new link",
        guards=[reviewers_only],
        status_code=HTTP_303_SEE_OTHER,
    )
    async def extend(self, request: TeamRequest, services: Services, application_id: FromPath[UUID]) -> Redirect:
        """Send the candidate a new link with new time."""
        await services.operating.extend(application_id, actor=actor_of(request))
        return Redirect(
            f"/operations/applications/{application_id}?told={Told.EXTENDED.value}", status_code=HTTP_303_SEE_OTHER
        )

    @post(
        "/quarantine/{quarantine_id:uuid}/map",
        summary="Map a stage",
        guards=[admins_only],
        status_code=HTTP_303_SEE_OTHER,
    )
    async def map_stage(
        self,
        request: TeamRequest,
        services: Services,
        quarantine_id: FromPath[UUID],
        data: URLEncodedBody[MapForm],
    ) -> Response[Any]:
        """Say which canonical stage it is; what was held goes on."""
        try:
            await services.operating.map_stage(quarantine_id, kind=_stage_kind(data.kind), actor=actor_of(request))
        except InputInvalid as refused:
            return await operations_page(services, refused=refused, field=f"quarantine-{quarantine_id}")
        return back(Told.MAPPED)

    @post(
        "/connections/{connection:str}/resume",
        summary="Let a paused connection go on",
        guards=[admins_only],
        status_code=HTTP_303_SEE_OTHER,
    )
    async def resume(self, request: TeamRequest, services: Services, connection: FromPath[str]) -> Redirect:
        """After its credentials were mended, the work of a connection goes on."""
        await services.operating.resume(key_in_address(connection), actor=actor_of(request))
        return back(Told.RESUMED)

    @post("/work/{work_id:int}/replay", summary="Replay work", guards=[admins_only], status_code=HTTP_303_SEE_OTHER)
    async def replay(self, request: TeamRequest, services: Services, work_id: FromPath[int]) -> Redirect:
        """Try a dead letter again, from the start."""
        await services.operating.replay(work_number(work_id), actor=actor_of(request))
        return back(Told.REPLAYED)

    @post("/work/{work_id:int}/done", summary="Done by hand", guards=[admins_only], status_code=HTTP_303_SEE_OTHER)
    async def done_by_hand(
        self,
        request: TeamRequest,
        services: Services,
        work_id: FromPath[int],
        data: URLEncodedBody[DoneForm],
    ) -> Response[Any]:
        """Close a dead letter that a person settled elsewhere."""
        number = work_number(work_id)
        try:
            await services.operating.done_by_hand(number, reason=reason_typed(data.reason), actor=actor_of(request))
        except InputInvalid as refused:
            return await operations_page(services, refused=refused, field=f"work-{work_id}", typed=data.reason)
        return back(Told.DONE)


def actor_of(request: TeamRequest) -> str:
    """Who acts, as the audit chain names them."""
    # An id, because the audit chain keeps no names or addresses.
    return f"account:{request.user.id}"


async def timeline_page(
    request: TeamRequest,
    services: TeamServices,
    application_id: UUID,
    *,
    told: str = "",
    refused: InputInvalid | None = None,
    typed: str = "",
) -> Template:
    """The page of one application; after a refused form, what to mend stands by its field, with what was typed."""
    timeline = await services.operating.timeline(application_id, viewer=request.user)
    return Template(
        "team/timeline.html",
        context={
            "timeline": timeline,
            "say": Phrases(datetime.now(UTC)),
            "extended": told == Told.EXTENDED,
            "link": await services.result_links.of_application(application_id),
            "revoke_at": f"/operations/applications/{application_id}/link/revoke",
            "revoked_now": told == Told.REVOKED,
            "errors": {"revoke-reason": str(refused)} if refused else {},
            "typed": typed,
        },
        status_code=refused.status if refused else HTTP_200_OK,
    )


def _section(name: str) -> Section:
    return Section(name) if name in set(Section) else Section.ATTENTION


def _stage_kind(kind: str) -> StageKind:
    if kind not in set(StageKind):
        raise InputInvalid("Choose a stage.", fields={"kind": "Choose which stage this is."})
    return StageKind(kind)


def back(told: Told) -> Redirect:
    """Back to the page, which confirms."""
    return Redirect(f"/operations?told={told.value}", status_code=HTTP_303_SEE_OTHER)


async def operations_page(
    services: TeamServices,
    *,
    section: Section = Section.ATTENTION,
    told: str = "",
    refused: InputInvalid | None = None,
    field: str = "",
    typed: str = "",
    chosen: str = "",
) -> Template:
    """The page; after a refused form, what to mend stands by the field of its row, with everything that was typed."""
    applications = await services.operating.applications() if section is Section.APPLICATIONS else ()
    return Template(
        "team/operations.html",
        context={
            "view": await services.operating.overview(),
            "applications": applications,
            "section": section.value,
            "told": told if told in set(Told) else "",
            "error_at": field if refused else "",
            "error": next(iter(refused.fields.values()), str(refused)) if refused else "",
            "typed": typed,
            "chosen": chosen,
            "reaches": services.stopping.reaches(),
            "admin_role": Role.ADMIN,
            "say": Phrases(datetime.now(UTC)),
        },
        status_code=refused.status if refused else HTTP_200_OK,
    )
