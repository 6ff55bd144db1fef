"""Words of SmartRecruiters' Assessment API of 2021. Pure.

Documented by the vendor: that it calls an ``/integration`` endpoint of ours, asks for packages and places orders with
OAuth 2 client credentials, and that we submit results. Not confirmed by the vendor: every other path and every member
below; ``scoreLabel`` is a third party's word. One line corrects each.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from adapters.contract.assessment import AssessmentOffer, Order, OrderReport, Progress
from adapters.contract.model import Candidate, Job, JobStatus
from adapters.smartrecruiters.answers import Id, pair

INTEGRATION = ("POST", "integration")
PACKAGES = ("GET", "packages")
ORDERS = ("POST", "orders")
TOKEN = ("POST", "oauth/token")
RESULT_METHOD = "PUT"
RESULT_PATH = "/assessments/v1/orders/{order}/results"
RESULT_WORDS = {
    Progress.WAITING: "IN_PROGRESS",
    Progress.STARTED: "IN_PROGRESS",
    Progress.COMPLETED: "COMPLETED",
    Progress.CANCELLED: "CANCELLED",
}


class OrderedCandidate(Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is to be interviewed. PII class: identity and contact."""

    id: Id
    first_name: str
    last_name: str
    email: str | None = None
    phone_number: str | None = None


class OrderedJob(Struct, frozen=True, kw_only=True):
    """For which job."""

    id: Id
    title: str = ""


class OrderBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """An order."""

    id: Id
    package_id: str
    candidate: OrderedCandidate
    job: OrderedJob | None = None


def to_order(body: OrderBody) -> Order:
    """Turn an order into the contract's; its result goes to an address that is made of its id."""
    person, job = body.candidate, body.job
    return Order(
        dedupe=body.id,
        offer_id=body.package_id,
        candidate=Candidate(
            id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            emails=(person.email,) if person.email else (),
            phones=(person.phone_number,) if person.phone_number else (),
        ),
        job=Job(id=job.id, title=job.title, status=JobStatus.OPEN) if job else None,
        application_id=pair(person.id, job.id) if job else None,
        report_to=RESULT_PATH.format(order=body.id),
    )


def from_offers(offers: Sequence[AssessmentOffer]) -> Mapping[str, object]:
    """The list of packages: what the customer's programs offer, all on one page."""
    rows = [{"id": offer.id, "name": offer.name, "description": offer.description} for offer in offers]
    return {"totalFound": len(rows), "content": rows}


def from_order(order_id: str) -> Mapping[str, object]:
    """The answer to an order."""
    return {"id": order_id, "status": RESULT_WORDS[Progress.WAITING]}


def from_report(report: OrderReport) -> Mapping[str, object]:
    """A result; band, score and words only when it is final."""
    told: dict[str, object] = {
        "status": RESULT_WORDS[report.progress],
        "resultUrl": report.link,
        "updatedOn": datetime.fromtimestamp(report.at / 1000, tz=UTC).isoformat(timespec="milliseconds"),
    }
    if report.progress is not Progress.COMPLETED:
        return told
    if report.score is not None:
        told |= {"score": report.score, "maxScore": 100}
    if report.band is not None:
        told |= {"scoreLabel": report.band}
    lines = [*(f"{name}: {level}" for name, level in report.subscores), *report.bullets]
    return told | {"summary": "\n".join(lines)}
