"""The doctor's page: an administrator has everything looked at, and reads what is wrong and what mends it."""

from litestar import Controller, get, post
from litestar.response import Template
from litestar.status_codes import HTTP_200_OK

from orchestrator.domain.findings import Report, Severity
from orchestrator.web.guards import TeamRequest, admins_only
from orchestrator.web.team_services import Services

CHIPS = {Severity.ERROR: "danger", Severity.WARNING: "caution", Severity.INFO: "plain"}


class DoctorController(Controller):
    """Everything under /operations/doctor."""

    path = "/operations/doctor"

    @get("/", summary="Doctor", guards=[admins_only])
    async def show(self) -> Template:
        """What it looks at, and the button that begins."""
        return _page(None)

    @post("/", summary="Look at everything", guards=[admins_only], status_code=HTTP_200_OK)
    async def look(self, request: TeamRequest, services: Services) -> Template:
        """Look now. What was found is shown once and not kept: a reload looks again."""
        return _page(await services.doctor.examine(actor=f"account:{request.user.id}"))


def _page(report: Report | None) -> Template:
    counts = [(severity, report.count(severity)) for severity in Severity] if report else []
    return Template("team/doctor.html", context={"report": report, "counts": counts, "chips": CHIPS})
