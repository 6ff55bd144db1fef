"""The review queue and its cases: a person reads the evidence and decides."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from msgspec import Struct

from orchestrator.db.models.scoring import CaseKind
from orchestrator.errors import InputInvalid, Stale
from orchestrator.web.case_page import case_context
from orchestrator.web.guards import TeamRequest, reviewers_only
from orchestrator.web.phrases import Phrases
from orchestrator.web.team_services import Services, TeamServices
from orchestrator.web.typed import reason_typed


class DecisionForm(Struct, frozen=True):
    """Confirm posts the machine's band, override another one with its reason."""

    band: str = ""
    reason: str = ""


class ReasonForm(Struct, frozen=True):
    """A reason alone."""

    reason: str = ""


class AnswerForm(Struct, frozen=True):
    """The answer to a candidate's request: ``resume`` is yes or no."""

    resume: str = ""
    reason: str = ""


class ReviewController(Controller):
    """Everything under /review."""

    path = "/review"
    guards = (reviewers_only,)

    @get("/", summary="Review queue")
    async def queue(self, services: Services) -> Template:
        """Who waits, why, and until when. Requests of candidates stand apart from results."""
        items = await services.reviewing.queue()
        by_wait = sorted(items, key=lambda item: item.opened_at)
        return Template(
            "team/queue.html",
            context={
                "say": Phrases(datetime.now(UTC)),
                "results": [item for item in by_wait if item.kind is CaseKind.RESULT],
                "requests": [item for item in by_wait if item.kind is not CaseKind.RESULT],
            },
        )

    @get("/{case_id:uuid}", summary="Review case")
    async def case(self, request: TeamRequest, services: Services, case_id: FromPath[UUID]) -> Template:
        """One case with its evidence."""
        return await _case_page(request, services, case_id)

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
            _choose(data.band, field="band", words="Choose the band that the evidence supports.")
            await reviewing.decide_result(case_id, actor=request.user, band=data.band, reason=reason_typed(data.reason))
        except (InputInvalid, Stale) as refused:
            return await _case_page(request, services, case_id, refused=refused, form="decision", typed=data)
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
            return await _case_page(request, services, case_id, refused=refused, form="close", typed=data)
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
            _choose(choice, field="resume", words="Choose what happens next.")
            await services.reviewing.answer_request(
                case_id, actor=request.user, resume=choice == "yes", reason=reason_typed(data.reason)
            )
        except (InputInvalid, Stale) as refused:
            return await _case_page(request, services, case_id, refused=refused, form="answer", typed=data)
        return _back(case_id)


def _back(case_id: UUID) -> Redirect:
    return Redirect(f"/review/{case_id}", status_code=HTTP_303_SEE_OTHER)


def _choose(value: str, *, field: str, words: str) -> None:
    if not value:
        raise InputInvalid(words, fields={field: words})


def _errors(refused: InputInvalid | Stale | None, form: str | None) -> dict[str, str]:
    """What to mend, by the id of its field: several forms of the page have a field of the same name."""
    if not isinstance(refused, InputInvalid):
        return {}
    fields = refused.fields or {"reason": str(refused)}
    return {f"{form}-{name}": words for name, words in fields.items()}


async def _case_page(
    request: TeamRequest,
    services: TeamServices,
    case_id: UUID,
    *,
    refused: InputInvalid | Stale | None = None,
    form: str | None = None,
    typed: DecisionForm | ReasonForm | AnswerForm | None = None,
) -> Template:
    """The case, and after a refused form what to mend, with everything that was typed."""
    case = await services.reviewing.case(case_id, viewer=request.user)
    waiting = () if case.open else await services.reviewing.queue()
    return Template(
        "team/request.html" if case.kind is not CaseKind.RESULT else "team/case.html",
        context={
            **case_context(case, now=datetime.now(UTC)),
            "waiting": waiting,
            "form": form,
            "typed": typed,
            "errors": _errors(refused, form),
            "stale": isinstance(refused, Stale),
        },
        status_code=refused.status if refused else HTTP_200_OK,
    )
