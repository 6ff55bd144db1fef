"""The words of Workable's assessment integration, in orders and in results: the mapping's other half. Pure.

The vendor's page can be read only in part. What is "unconfirmed" is from memory, and each name is one line to correct.
"""

from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from adapters.contract.assessment import Order, OrderReport, Progress
from adapters.contract.model import Candidate, Job, JobStatus
from adapters.kit.payload import Word


class OrderedBy(Struct, frozen=True, kw_only=True):
    """The person to assess. Unconfirmed, every name. PII class: identity and contact."""

    email: Word
    first_name: str = ""
    last_name: str = ""
    phone: str | None = None


class OrderedFor(Struct, frozen=True, kw_only=True):
    """The job. Unconfirmed, every name."""

    job_shortcode: Word | None = msgspec.field(name="shortcode", default=None)
    job_title: str | None = msgspec.field(name="title", default=None)


class OrderBody(Struct, frozen=True, kw_only=True):
    """An order. Unconfirmed, every name. PII class: identity and contact."""

    test_id: Word | int
    callback_url: Annotated[str, Meta(pattern=r"\Ahttps?://[^\s/]+/", max_length=2000)]
    candidate: OrderedBy
    job: OrderedFor | None = None


# Unconfirmed: the words for how far an assessment is. Nothing is said of one that was given up.
PROGRESS = {Progress.WAITING: "pending", Progress.STARTED: "pending", Progress.COMPLETED: "completed"}
# The two names of the list of tests are the vendor's; the one that answers an order is unconfirmed.
TESTS, TEST_ID, TEST_NAME = "tests", "id", "name"
ORDER_ID = "assessment_id"


def to_order(body: OrderBody) -> Order:
    """Turn an order into the contract's. Its callback address is the only thing in it that is its own."""
    mark = sha256(body.callback_url.encode()).hexdigest()[:32]
    person, job = body.candidate, body.job
    return Order(
        dedupe=mark,
        offer_id=str(body.test_id),
        candidate=Candidate(
            id=f"order-{mark}",
            first_name=person.first_name,
            last_name=person.last_name,
            emails=(person.email,),
            phones=(person.phone,) if person.phone else (),
        ),
        job=Job(id=job.job_shortcode, title=job.job_title or "", status=JobStatus.OPEN)
        if job and job.job_shortcode
        else None,
        report_to=body.callback_url,
    )


def to_result(report: OrderReport) -> dict[str, object]:
    """Make the body that tells a result. Unconfirmed, every name."""
    result: dict[str, object] = {"status": PROGRESS[report.progress], "results_url": report.link}
    if report.progress is Progress.COMPLETED:
        lines = [f"{name}: {text}" for name, text in report.subscores]
        result["assessment"] = {
            "score": report.score,
            "grade": report.band,
            "summary": "\n".join(report.bullets),
            "details": "\n".join(lines),
        }
    return result
