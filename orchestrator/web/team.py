"""The team's routes in one place: whatever is added to the router needs an account."""

from litestar import Router
from litestar.types import ControllerRouterHandler

from orchestrator.web.calibration import CalibrationController
from orchestrator.web.connections import ConnectionsController
from orchestrator.web.doctor import DoctorController
from orchestrator.web.guards import signed_in
from orchestrator.web.operations import OperationsController
from orchestrator.web.rehearsal import RehearsalController
from orchestrator.web.rescoring import RescoringController
from orchestrator.web.results import (
    open_result_link,
    revoke_link_of_application,
    revoke_result_link,
    show_result,
)
from orchestrator.web.review import ReviewController
from orchestrator.web.sign_in import SIGN_IN_HANDLERS
from orchestrator.web.stops import StopsController


def team_routes() -> tuple[ControllerRouterHandler, ...]:
    """The route handlers for the app: sign-in and result links for everybody, the rest behind the guard."""
    pages = Router(
        "/",
        route_handlers=[
            ReviewController,
            CalibrationController,
            RehearsalController,
            RescoringController,
            show_result,
            revoke_result_link,
            revoke_link_of_application,
            OperationsController,
            ConnectionsController,
            StopsController,
            DoctorController,
        ],
        guards=[signed_in],
    )
    return (*SIGN_IN_HANDLERS, open_result_link, pages)
