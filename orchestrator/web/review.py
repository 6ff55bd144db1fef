"""The review queue and its cases: a person reads the evidence and decides."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Response, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from orchestrator.db.models.account import Role
from orchestrator.db.models.scoring import CaseKind
from orchestrator.domain.review import ages
from orchestrator.errors import InputInvalid, Stale
from orchestrator.services.views import QueueItem
from orchestrator.web.guards import TeamRequest, admins_only, reviewers_only
from orchestrator.web.phrases import Phrases
from orchestrator.web.review_pages import AnswerForm, AssignForm, BandForm, DecisionForm, ReasonForm, case_page, choose
from orchestrator.web.review_services import desk
from orchestrator.web.review_words import HABITS, LIMITS, seconds, waiting_line
from orchestrator.web.team_services import Services
from orchestrator.web.typed import reason_typed


class Whose(StrEnum):
    """Which cases the queue shows."""

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"


class ReviewController(Controller):
    """Everything under /review."""

    path = "/review"
    guards = (reviewers_only,)

    @get("/", summary="Review queue")
    async def queue(self, request: TeamRequest, services: Services, show: FromQuery[str] = "") -> Template:
        """Who waits, why, until when and with whom. Requests of candidates stand apart from results."""
        say = Phrases(datetime.now(UTC))
        whose = Whose(show) if show in set(Whose) else Whose.ALL
        items = sorted(await desk(services).queue_for(request.user), key=lambda item: item.opened_at)
        shown = [item for item in items if _belongs(item, whose)]
        return Template(
            "team/queue.html",
            context={
                "say": say,
                "results": [item for item in shown if item.kind is CaseKind.RESULT],
                "requests": [item for item in shown if item.kind is not CaseKind.RESULT],
                "everybody": len(items),
                "ages_said": waiting_line(ages([(i.opened_at, i.due_at) for i in items], now=say.now), say),
                "tabs": _tabs(items),
                "here": "/review" if whose is Whose.ALL else f"/review?show={whose.value}",
                "held": await desk(services).held(request.user),
                "admin": request.user.role is Role.ADMIN,
            },
        )

    @get("/quality", summary="How reviewing goes", guards=[admins_only])
    async def quality(self, services: Services) -> Template:
        """Pace and differing per reviewer, and how blind readings compare. For administrators."""
        view = await desk(services).quality()
        return Template(
            "team/review_quality.html",
            context={
                "say": Phrases(datetime.now(UTC)),
                "view": view,
                "habits": HABITS,
                "limits": LIMITS,
                "seconds": seconds,
            },
        )

    @get("/applications/{application_id:uuid}", summary="Open case of an application")
    async def case_of_application(self, services: Services, application_id: FromPath[UUID]) -> Redirect:
        """Where a link of the ATS leads: to what waits for a decision, else to what happened so far."""
        case_id = await desk(services).case_of(application_id)
        path = f"/review/{case_id}" if case_id else f"/operations/applications/{application_id}"
        return Redirect(path, status_code=HTTP_303_SEE_OTHER)

    @get("/{case_id:uuid}", summary="Review case")
    async def case(self, request: TeamRequest, services: Services, case_id: FromPath[UUID]) -> Template:
        """One case with its evidence."""
        return await case_page(request, services, case_id)

    @post(
        "/{case_id:uuid}/reading",
        summary="Choose a band before the software's is shown",
        status_code=HTTP_303_SEE_OTHER,
    )
    async def read(
        self,
        request: TeamRequest,
        services: Services,
        case_id: FromPath[UUID],
        data: URLEncodedBody[BandForm],
    ) -> Response[Any]:
        """Keep one's own band; the page then shows both."""
        try:
            choose(data.band, field="band", words="Choose the band that the answers support.")
            await desk(services).read_blind(case_id, actor=request.user, band=data.band)
        except (InputInvalid, Stale) as refused:
            return await case_page(request, services, case_id, refused=refused, form="reading", typed=data)
        return _back(case_id)

    @post("/{case_id:uuid}/decision", summary="Decide a result", status_code=HTTP_303_SEE_OTHER)
    async def decide(
        self,
        request: TeamRequest,
        services: Services,
        case_id: FromPath[UUID],
        data: URLEncodedBody[DecisionForm],
    ) -> Response[Any]:
        """Confirm or override."""
        reviewing = services.reviewing
        try:
            choose(data.band, field="band", words="Choose the band that the evidence supports.")
            await reviewing.decide_result(case_id, actor=request.user, band=data.band, reason=reason_typed(data.reason))
        except (InputInvalid, Stale) as refused:
            return await case_page(request, services, case_id, refused=refused, form="decision", typed=data)
        return _back(case_id)

    @post("/{case_id:uuid}/undo", summary="Take a decision back", status_code=HTTP_303_SEE_OTHER)
    async def undo(self, request: TeamRequest, services: Services, case_id: FromPath[UUID]) -> Response[Any]:
        """The case waits again as it did before."""
        try:
            await desk(services).undo(case_id, actor=request.user)
        except Stale as refused:
            return await case_page(request, services, case_id, refused=refused, form="undo")
        return _back(case_id)

    @post("/{case_id:uuid}/assign", summary="Give a case to somebody", status_code=HTTP_303_SEE_OTHER)
    async def assign(
        self,
        request: TeamRequest,
        services: Services,
        case_id: FromPath[UUID],
        data: URLEncodedBody[AssignForm],
    ) -> Response[Any]:
        """Take it, give it back, or give it to a colleague."""
        try:
            await desk(services).assign(case_id, actor=request.user, to=_account_id(data.to))
        except (InputInvalid, Stale) as refused:
            return await case_page(request, services, case_id, refused=refused, form="assign")
        return _back(case_id)

    @post("/{case_id:uuid}/close", summary="Close a case without a band", status_code=HTTP_303_SEE_OTHER)
    async def close(
        self,
        request: TeamRequest,
        services: Services,
        case_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Response[Any]:
        """End without a band."""
        try:
            await services.reviewing.close_unscored(case_id, actor=request.user, reason=reason_typed(data.reason))
        except (InputInvalid, Stale) as refused:
            return await case_page(request, services, case_id, refused=refused, form="close", typed=data)
        return _back(case_id)

    @post("/{case_id:uuid}/ask-again", summary="Ask the candidate again", status_code=HTTP_303_SEE_OTHER)
    async def ask_again(
        self,
        request: TeamRequest,
        services: Services,
        case_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Response[Any]:
        """Where the answers could not be read: a new link and new time, once."""
        try:
            await desk(services).ask_again(case_id, actor=request.user, reason=reason_typed(data.reason))
        except (InputInvalid, Stale) as refused:
            return await case_page(request, services, case_id, refused=refused, form="ask-again", typed=data)
        return _back(case_id)

    @post("/{case_id:uuid}/answer", summary="Answer a candidate's request", status_code=HTTP_303_SEE_OTHER)
    async def answer(
        self,
        request: TeamRequest,
        services: Services,
        case_id: FromPath[UUID],
        data: URLEncodedBody[AnswerForm],
    ) -> Response[Any]:
        """Continue with a new link and new time, or hand over to a person."""
        try:
            choice = data.resume if data.resume in {"yes", "no"} else ""
            choose(choice, field="resume", words="Choose what happens next.")
            await services.reviewing.answer_request(
                case_id, actor=request.user, resume=choice == "yes", reason=reason_typed(data.reason)
            )
        except (InputInvalid, Stale) as refused:
            return await case_page(request, services, case_id, refused=refused, form="answer", typed=data)
        return _back(case_id)


def _belongs(item: QueueItem, whose: Whose) -> bool:
    match whose:
        case Whose.MINE:
            return item.assignee is not None and item.assignee.me
        case Whose.UNASSIGNED:
            return item.assignee is None
        case Whose.ALL:
            return True


def _tabs(items: Sequence[QueueItem]) -> list[tuple[str, str, int]]:
    words = {Whose.ALL: "All", Whose.MINE: "With me", Whose.UNASSIGNED: "With nobody yet"}
    return [
        (
            "/review" if whose is Whose.ALL else f"/review?show={whose.value}",
            words[whose],
            sum(_belongs(item, whose) for item in items),
        )
        for whose in Whose
    ]


def _back(case_id: UUID) -> Redirect:
    return Redirect(f"/review/{case_id}", status_code=HTTP_303_SEE_OTHER)


def _account_id(typed: str) -> UUID | None:
    if not typed:
        return None
    try:
        return UUID(typed)
    except ValueError as error:
        message = "Please choose a colleague."
        raise InputInvalid(message, fields={"to": message}) from error
