"""Later readings of one interview, beside what stands: with a newer rubric or another grader, and which change moved it."""

from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Response, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from msgspec import Struct

from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.services.rescoring.checks import BLIND
from orchestrator.services.rescoring.views import AdoptionView, RescoringView
from orchestrator.services.views import Account
from orchestrator.web.guards import TeamRequest, reviewers_only
from orchestrator.web.phrases import Phrases
from orchestrator.web.team_services import TeamServices
from orchestrator.web.typed import reason_typed


class UseForm(Struct, frozen=True):
    """Which reading is to be used and why; ``seen`` is the decision of a person that would be replaced."""

    rescoring: str = ""
    reason: str = ""
    seen: str = ""


class AdoptingDoor(Protocol):
    """Using a later reading."""

    async def adopt(self, rescoring_id: UUID, *, actor: Account, reason: str, seen: str = "") -> None:
        """Choose a later reading, or agree with a colleague who chose it."""
        ...

    async def undo(self, interview_id: UUID, *, actor: Account) -> None:
        """Take one's own choice back."""
        ...


class RescoringDoor(Protocol):
    """Later readings."""

    @property
    def adopting(self) -> AdoptingDoor:
        """Using one of them."""
        ...

    async def view(self, interview_id: UUID, *, viewer: Account) -> RescoringView:
        """What was read again of one interview; the view is logged."""
        ...


class RescoringServices(TeamServices, Protocol):
    """The services of the team's pages, with later readings."""

    @property
    def rescoring(self) -> RescoringDoor:
        """Later readings."""
        ...


Services = NamedDependency[SkipValidation[RescoringServices]]


class RescoringController(Controller):
    """Everything under /rescorings."""

    path = "/rescorings"
    guards = (reviewers_only,)

    @get("/{interview_id:uuid}", summary="Later readings of an interview")
    async def show(self, request: TeamRequest, services: Services, interview_id: FromPath[UUID]) -> Template:
        """Every later reading, the newest first, each with what moved it."""
        return await _page(request, services, interview_id)

    @post("/{interview_id:uuid}/use", summary="Use a later reading", status_code=HTTP_303_SEE_OTHER)
    async def use(
        self, request: TeamRequest, services: Services, interview_id: FromPath[UUID], data: URLEncodedBody[UseForm]
    ) -> Response[Any]:
        """Put a later reading in the place of what stands, or agree with a colleague who did."""
        try:
            await services.rescoring.adopting.adopt(
                _reading_id(data.rescoring), actor=request.user, reason=reason_typed(data.reason), seen=data.seen
            )
        except (InputInvalid, Stale) as refused:
            return await _page(request, services, interview_id, refused=refused, typed=data)
        return _back(interview_id)

    @post("/{interview_id:uuid}/undo", summary="Take the choice of a reading back", status_code=HTTP_303_SEE_OTHER)
    async def undo(self, request: TeamRequest, services: Services, interview_id: FromPath[UUID]) -> Response[Any]:
        """What stood before stands again."""
        try:
            await services.rescoring.adopting.undo(interview_id, actor=request.user)
        except Stale as refused:
            return await _page(request, services, interview_id, refused=refused)
        return _back(interview_id)


async def _page(
    request: TeamRequest,
    services: RescoringServices,
    interview_id: UUID,
    *,
    refused: InputInvalid | Stale | None = None,
    typed: UseForm | None = None,
) -> Template:
    view = await services.rescoring.view(interview_id, viewer=request.user)
    errors = refused.fields if isinstance(refused, InputInvalid) else {}
    chosen = typed.rescoring if typed else ""
    return Template(
        "team/rescorings.html",
        context={
            "view": view,
            "blind": view.hindrance == BLIND,
            "say": Phrases(datetime.now(UTC)),
            "live": next((one.adoption for one in view.readings if one.adoption and _is_live(one.adoption)), None),
            "typed": typed,
            "errors": {f"{name}-{chosen}": words for name, words in errors.items()},
            "refused": str(refused) if isinstance(refused, Stale) else "",
        },
        status_code=refused.status if refused else HTTP_200_OK,
    )


def _is_live(adoption: AdoptionView) -> bool:
    return adoption.waits or adoption.final_at is not None


def _reading_id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as error:
        raise Missing("There is no such reading.") from error


def _back(interview_id: UUID) -> Redirect:
    return Redirect(f"/rescorings/{interview_id}", status_code=HTTP_303_SEE_OTHER)
