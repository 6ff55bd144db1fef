"""The page of a case in all its states, the forms that it sends, and what they get back where something is missing."""

from datetime import UTC, datetime
from uuid import UUID

from litestar.response import Template
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from orchestrator.db.models.scoring import CaseKind
from orchestrator.errors import InputInvalid, Stale
from orchestrator.services.views import CaseView
from orchestrator.web.case_page import case_context
from orchestrator.web.guards import TeamRequest
from orchestrator.web.review_services import desk
from orchestrator.web.team_services import TeamServices


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


class BandForm(Struct, frozen=True):
    """A band that is chosen before the software's is shown."""

    band: str = ""


class AssignForm(Struct, frozen=True):
    """Whom a case is given to: the id of an account, or empty for nobody."""

    to: str = ""


Typed = DecisionForm | ReasonForm | AnswerForm | BandForm | None


def choose(value: str, *, field: str, words: str) -> None:
    """Refuse a form in which nothing was chosen."""
    if not value:
        raise InputInvalid(words, fields={field: words})


def _errors(refused: InputInvalid | Stale | None, form: str | None) -> dict[str, str]:
    """What to mend, by the id of its field: several forms of the page have a field of the same name."""
    if not isinstance(refused, InputInvalid):
        return {}
    fields = refused.fields or {"reason": str(refused)}
    return {f"{form}-{name}": words for name, words in fields.items()}


def _template(case: CaseView) -> str:
    if case.kind is not CaseKind.RESULT:
        return "team/request.html"
    return "team/blind.html" if case.blind else "team/case.html"


async def case_page(
    request: TeamRequest,
    services: TeamServices,
    case_id: UUID,
    *,
    refused: InputInvalid | Stale | None = None,
    form: str | None = None,
    typed: Typed = None,
) -> Template:
    """The case, and after a refused form what to mend, with everything that was typed."""
    case = await services.reviewing.case(case_id, viewer=request.user)
    waiting = () if case.open else await desk(services).queue_for(request.user)
    return Template(
        _template(case),
        context={
            **case_context(case, now=datetime.now(UTC)),
            "waiting": waiting,
            "form": form,
            "typed": typed,
            "errors": _errors(refused, form),
            "stale": isinstance(refused, Stale),
            "refused": str(refused) if isinstance(refused, Stale) else "",
        },
        status_code=refused.status if refused else HTTP_200_OK,
    )
