"""Later readings of one interview, beside its result: with a newer rubric or another grader, and which change moved it."""

from typing import Protocol
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Template

from orchestrator.services.rescoring import RescoringView
from orchestrator.web.guards import TeamRequest, reviewers_only
from orchestrator.web.operations import actor_of
from orchestrator.web.team_services import TeamServices


class RescoringDoor(Protocol):
    """Later readings."""

    async def view(self, interview_id: UUID, *, actor: str) -> RescoringView:
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
        view = await services.rescoring.view(interview_id, actor=actor_of(request))
        return Template("team/rescorings.html", context={"view": view})
