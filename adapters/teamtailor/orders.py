"""Words of Teamtailor's partner API, by which a stage trigger orders an assessment. Pure.

Documented by the vendor: the order (:class:`OrderBody`), the three paths, the bearer, that results go to ``update-url``,
and that the form has ``config`` with ``fields`` that have a type. Not confirmed by the vendor: the other members of the
form, every member of a result, its method, and how we sign in for it.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from adapters.contract.assessment import AssessmentOffer, Order, OrderReport, Progress
from adapters.contract.errors import PayloadInvalid
from adapters.contract.model import Candidate, Job, JobStatus
from adapters.kit.payload import Word

WEBHOOK = ("POST", "webhook")
CONFIG = ("GET", "config")
ACTIVATION = ("GET", "activation")
CHOICE = "test"
RESULT_METHOD = "PATCH"
RESULT_SCHEME = "Token token="
RESULT_WORDS = {
    Progress.WAITING: "sent",
    Progress.STARTED: "in-progress",
    Progress.COMPLETED: "completed",
    Progress.CANCELLED: "cancelled",
}


class PartnerResult(Struct, frozen=True, kw_only=True, rename="kebab"):
    """Where the result goes; its id is the same however often the order comes."""

    id: Word
    update_url: str | None = None


class OrderedJob(Struct, frozen=True):
    """For which job."""

    id: str | int
    title: str = ""


class Recruiter(Struct, frozen=True):
    """Who is in charge. PII class: identity."""

    name: str | None = None


class OrderedCandidate(Struct, frozen=True, kw_only=True, rename="kebab"):
    """Who is to be interviewed. PII class: identity and contact."""

    id: str | int
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    job: OrderedJob | None = None
    recruiter: Recruiter | None = None


class PartnerEvent(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A trigger was executed; ``webhook_data`` is what the customer chose in our form."""

    partner_result: PartnerResult
    candidate: OrderedCandidate
    webhook_data: dict[str, object] = {}


class OrderBody(Struct, frozen=True, rename="kebab"):
    """An order."""

    partner_event: PartnerEvent


def to_order(body: OrderBody) -> Order:
    """Turn an order into the contract's. It names candidate and job, but not the application.

    Raises:
        PayloadInvalid: nobody chose what is ordered.
    """
    event, person = body.partner_event, body.partner_event.candidate
    chosen = event.webhook_data.get(CHOICE)
    if not isinstance(chosen, str) or not chosen:
        raise PayloadInvalid("the order does not say which interview it is for")
    return Order(
        dedupe=event.partner_result.id,
        offer_id=chosen,
        candidate=Candidate(
            id=str(person.id),
            first_name=person.first_name or "",
            last_name=person.last_name or "",
            emails=(person.email,) if person.email else (),
            phones=(person.phone,) if person.phone else (),
        ),
        job=Job(id=str(person.job.id), title=person.job.title, status=JobStatus.OPEN) if person.job else None,
        report_to=event.partner_result.update_url,
        ordered_by=person.recruiter.name if person.recruiter else None,
    )


def from_offers(offers: Sequence[AssessmentOffer]) -> Mapping[str, object]:
    """The form that the customer fills in for a trigger: which interview."""
    options = [{"value": offer.id, "label": offer.name} for offer in offers]
    field = {"type": "select", "id": CHOICE, "label": "Interview", "required": True, "options": options}
    return {"config": {"fields": [field]}}


def from_report(report: OrderReport) -> Mapping[str, object]:
    """A result; band, score and words only when it is final."""
    told: dict[str, object] = {"status": RESULT_WORDS[report.progress], "url": report.link}
    if report.progress is not Progress.COMPLETED:
        return {"partner-result": told}
    if report.score is not None:
        told |= {"assessment-score": report.score}
    lines = [*([report.band] if report.band else []), *(f"{name}: {level}" for name, level in report.subscores)]
    return {"partner-result": told | {"summary": "\n".join([*lines, *report.bullets])}}
