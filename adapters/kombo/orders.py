"""Words of Kombo's assessment API. Pure. All of them are documented by the vendor."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from adapters.contract.assessment import AssessmentOffer, Order, OrderReport, Progress
from adapters.contract.model import Candidate, Job, JobStatus
from adapters.kit.payload import Word
from adapters.kombo.mapping import REMOTE

OPEN = "OPEN"
# Once it is not open any more, Kombo takes no other result for an order: only what is final is told.
FINAL_WORDS = {Progress.COMPLETED: "COMPLETED", Progress.CANCELLED: "CANCELLED"}
PACKAGE_TYPE = "VIDEO_INTERVIEW"
MAX_SCORE = 100


class OrderedCandidate(Struct, frozen=True, kw_only=True):
    """PII class: identity and contact."""

    email: str
    remote_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None


class Reference(Struct, frozen=True):
    """A record of the ATS."""

    remote_id: str | None = None


class OrderedJob(Struct, frozen=True, kw_only=True):
    """The job that the order is for."""

    remote_id: str | None = None
    name: str | None = None
    job_code: str | None = None


class OrderAnswer(Struct, frozen=True, kw_only=True):
    """An order. PII class: identity and contact (through ``candidate``)."""

    id: Word
    package_id: Word
    status: str
    candidate: OrderedCandidate
    application: Reference | None = None
    job: OrderedJob | None = None


class OrderStanding(Struct, frozen=True, kw_only=True):
    """Which order it is, and how it stands: all that matters for its result."""

    id: Word
    status: str


class OrderDelivery(Struct, frozen=True):
    """The delivery that brings an order."""

    data: OrderAnswer


def to_order(answer: OrderAnswer) -> Order:
    """Turn an order into the contract's. Results go to the order's own id; the application's id is the ATS's."""
    person, job, application = answer.candidate, answer.job, answer.application
    return Order(
        dedupe=answer.id,
        offer_id=answer.package_id,
        candidate=Candidate(
            # Who has no id in the ATS is known by this order alone.
            id=person.remote_id or f"order:{answer.id}",
            first_name=person.first_name or "",
            last_name=person.last_name or "",
            emails=(person.email,) if person.email else (),
            phones=(person.phone,) if person.phone else (),
        ),
        job=_job(job) if job else None,
        application_id=f"{REMOTE}{application.remote_id}" if application and application.remote_id else None,
        report_to=answer.id,
    )


def from_offers(offers: Sequence[AssessmentOffer]) -> Mapping[str, object]:
    """The whole list of interviews: what is not in it is deleted at Kombo."""
    return {
        "packages": [
            {"id": one.id, "type": PACKAGE_TYPE, "name": one.name, "description": one.description or one.name}
            for one in offers
        ]
    }


def from_report(report: OrderReport) -> Mapping[str, object]:
    """A final result: the same report always gives the same body."""
    told: dict[str, object] = {
        "status": FINAL_WORDS[report.progress],
        "result_url": report.link,
        "completed_at": _moment(report.at),
    }
    if report.progress is not Progress.COMPLETED:
        return told
    if report.score is not None:
        told |= {"score": report.score, "max_score": MAX_SCORE}
    lines = [("Result", report.band)] if report.band else []
    lines += report.subscores
    lines += [(f"Remark {number}", text) for number, text in enumerate(report.bullets, start=1)]
    return told | {"attributes": [{"type": "TEXT", "label": label, "value": value} for label, value in lines]}


def _job(job: OrderedJob) -> Job | None:
    if not job.remote_id:
        return None
    # An order can be placed for a job in work only.
    return Job(id=job.remote_id, title=job.name or "", status=JobStatus.OPEN, requisition_ref=job.job_code)


def _moment(milliseconds: int) -> str:
    told = datetime.fromtimestamp(milliseconds / 1000, tz=UTC).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")
