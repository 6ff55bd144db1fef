"""Calibration: the same answers, several raters, first blind, then together."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Response, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from orchestrator.db.models.account import Role
from orchestrator.errors import InputInvalid, RequestRefused, Stale
from orchestrator.services.calibration.views import ItemView
from orchestrator.web.calibration_forms import chosen, every, kept, one, ratings_in
from orchestrator.web.calibration_words import Words
from orchestrator.web.guards import TeamRequest, admins_only, reviewers_only
from orchestrator.web.phrases import Phrases
from orchestrator.web.team_services import Services, TeamServices
from orchestrator.web.typed import cleaned

_SAVED = "saved"


class CalibrationController(Controller):
    """Everything under /calibration."""

    path = "/calibration"
    guards = (reviewers_only,)

    @get("/", summary="Calibration sessions")
    async def sessions(self, request: TeamRequest, services: Services) -> Template:
        """Every session; those that wait for the viewer's ratings stand first."""
        lines = await services.calibrating.sessions(viewer=request.user)
        return Template(
            "team/calibration.html",
            context={
                "sessions": sorted(lines, key=lambda line: not line.to_rate),
                "admin": _is_admin(request),
                "say": Phrases(datetime.now(UTC)),
                "words": Words(),
            },
        )

    @get("/new", summary="New calibration session", guards=[admins_only])
    async def new(self, services: Services, rubric: FromQuery[str] = "") -> Template:
        """First the rubric, then items and raters."""
        return await _new_page(services, cleaned(rubric))

    @post("/new", summary="Make a calibration session", guards=[admins_only], status_code=HTTP_303_SEE_OTHER)
    async def make(self, request: TeamRequest, services: Services) -> Response[Any]:
        """Raters can begin at once."""
        form = await request.form()
        try:
            session_id = await services.calibrating.make(chosen(form), actor=request.user)
        except InputInvalid as refused:
            return await _new_page(services, cleaned(one(form, "rubric")), refused=refused, form=form)
        return _to(session_id)

    @get("/{session_id:uuid}", summary="Calibration session")
    async def session(self, request: TeamRequest, services: Services, session_id: FromPath[UUID]) -> Template:
        """What is left to rate; after the reveal, what to talk about."""
        return await _session_page(request, services, session_id)

    @get("/{session_id:uuid}/report", summary="Report of a calibration session")
    async def report(self, services: Services, session_id: FromPath[UUID]) -> Template:
        """Agreement by competency and by rater; there once the session is revealed."""
        report = await services.calibrating.report(session_id)
        return Template(
            "team/calibration_report.html",
            context={"report": report, "words": Words(), "say": Phrases(datetime.now(UTC))},
        )

    @get("/{session_id:uuid}/items/{position:int}", summary="Calibration item")
    async def item(
        self,
        request: TeamRequest,
        services: Services,
        session_id: FromPath[UUID],
        position: FromPath[int],
        told: FromQuery[str] = "",
    ) -> Template:
        """One item to rate, or to talk about."""
        view = await services.calibrating.item(session_id, position, viewer=request.user)
        return _item_page(view, saved=told == _SAVED)

    @post("/{session_id:uuid}/items/{position:int}/ratings", summary="Rate an item", status_code=HTTP_303_SEE_OTHER)
    async def rate(
        self, request: TeamRequest, services: Services, session_id: FromPath[UUID], position: FromPath[int]
    ) -> Response[Any]:
        """Keep what was chosen so far; where all of it is rated, go on to the next open item."""
        form = await request.form()
        calibrating = services.calibrating
        try:
            await calibrating.rate(session_id, position, ratings_in(form), actor=request.user)
        except (InputInvalid, Stale) as refused:
            return await _refused_item(request, services, (session_id, position), refused=refused, form=form)
        left = (await calibrating.session(session_id, viewer=request.user)).open_items
        if position in left:
            return Redirect(_item_at(session_id, position, told=_SAVED), status_code=HTTP_303_SEE_OTHER)
        following = next((number for number in left if number > position), min(left, default=None))
        return _to(session_id) if following is None else Redirect(_item_at(session_id, following), status_code=303)

    @post(
        "/{session_id:uuid}/items/{position:int}/agreed", summary="Note what was agreed", status_code=HTTP_303_SEE_OTHER
    )
    async def agree(
        self, request: TeamRequest, services: Services, session_id: FromPath[UUID], position: FromPath[int]
    ) -> Response[Any]:
        """Keep the agreed levels of one item."""
        form = await request.form()
        try:
            await services.calibrating.agree(session_id, position, ratings_in(form), actor=request.user)
        except (InputInvalid, Stale) as refused:
            return await _refused_item(request, services, (session_id, position), refused=refused, form=form)
        return Redirect(_item_at(session_id, position, told=_SAVED), status_code=HTTP_303_SEE_OTHER)

    @post("/{session_id:uuid}/hand-in", summary="Hand in one's ratings", status_code=HTTP_303_SEE_OTHER)
    async def hand_in(self, request: TeamRequest, services: Services, session_id: FromPath[UUID]) -> Response[Any]:
        """Nothing of one's own can be changed after that; the last rater's word reveals the session."""
        try:
            await services.calibrating.hand_in(session_id, actor=request.user)
        except (InputInvalid, Stale) as refused:
            return await _session_page(request, services, session_id, refused=refused)
        return _to(session_id)

    @post(
        "/{session_id:uuid}/reveal",
        summary="Reveal a calibration session",
        guards=[admins_only],
        status_code=HTTP_303_SEE_OTHER,
    )
    async def reveal(self, request: TeamRequest, services: Services, session_id: FromPath[UUID]) -> Response[Any]:
        """Show every rating, also where some have not handed in."""
        try:
            await services.calibrating.reveal(session_id, actor=request.user)
        except (InputInvalid, Stale) as refused:
            return await _session_page(request, services, session_id, refused=refused)
        return _to(session_id)

    @post(
        "/{session_id:uuid}/close",
        summary="Close a calibration session",
        guards=[admins_only],
        status_code=HTTP_303_SEE_OTHER,
    )
    async def close(self, request: TeamRequest, services: Services, session_id: FromPath[UUID]) -> Response[Any]:
        """Nothing can be changed after that."""
        try:
            await services.calibrating.close(session_id, actor=request.user)
        except Stale as refused:
            return await _session_page(request, services, session_id, refused=refused)
        return _to(session_id)


def _is_admin(request: TeamRequest) -> bool:
    return request.user.role is Role.ADMIN


def _to(session_id: UUID) -> Redirect:
    return Redirect(f"/calibration/{session_id}", status_code=HTTP_303_SEE_OTHER)


def _item_at(session_id: UUID, position: int, *, told: str = "") -> str:
    return f"/calibration/{session_id}/items/{position}" + (f"?told={told}" if told else "")


async def _new_page(
    services: TeamServices, rubric: str, *, refused: InputInvalid | None = None, form: FormMultiDict | None = None
) -> Template:
    """The form; after a refusal with everything that was chosen."""
    return Template(
        "team/calibration_new.html",
        context={
            "view": await services.calibrating.choices(rubric),
            "errors": (refused.fields or {"title": str(refused)}) if refused else {},
            "title": one(form, "title") if form else "",
            "picked": {name: every(form, name) if form else () for name in ("interviews", "gold", "raters")},
            "say": Phrases(datetime.now(UTC)),
        },
        status_code=refused.status if refused else HTTP_200_OK,
    )


async def _session_page(
    request: TeamRequest, services: TeamServices, session_id: UUID, *, refused: RequestRefused | None = None
) -> Template:
    return Template(
        "team/calibration_session.html",
        context={
            "view": await services.calibrating.session(session_id, viewer=request.user),
            "admin": _is_admin(request),
            "refused": str(refused) if refused else "",
            "say": Phrases(datetime.now(UTC)),
            "words": Words(),
        },
        status_code=refused.status if refused else HTTP_200_OK,
    )


async def _refused_item(
    request: TeamRequest,
    services: TeamServices,
    place: tuple[UUID, int],
    *,
    refused: InputInvalid | Stale,
    form: FormMultiDict,
) -> Template:
    """The item with what to mend and everything that was typed."""
    view = await services.calibrating.item(*place, viewer=request.user)
    fields = refused.fields if isinstance(refused, InputInvalid) else {}
    known = {f"{part}-{competency.id}" for competency in view.competencies for part in ("level", "note")}
    errors = {name: words for name, words in fields.items() if name in known}
    typed = {name: one(form, name) for name in form}
    return _item_page(view, errors=errors, refused="" if errors else str(refused), typed=typed, status=refused.status)


def _item_page(
    view: ItemView,
    *,
    errors: Mapping[str, str] | None = None,
    refused: str = "",
    typed: Mapping[str, str] | None = None,
    saved: bool = False,
    status: int = HTTP_200_OK,
) -> Template:
    return Template(
        "team/calibration_item.html",
        context={
            "view": view,
            "errors": dict(errors or {}),
            "refused": refused,
            "typed": {**kept(view), **(typed or {})},
            "saved": saved,
            "words": Words(),
        },
        status_code=status,
    )
