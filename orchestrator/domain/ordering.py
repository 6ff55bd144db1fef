"""Orders: interviews that a recruiter orders in the ATS itself, and how far an order is."""

import uuid
from collections.abc import Mapping, Sequence
from enum import StrEnum
from hashlib import sha256

import msgspec

from adapters.contract.assessment import AssessmentOffer, Order, Progress
from adapters.contract.model import Application, Job, JobStatus, Stage, StageEntryRef, StageKind
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.program import Program

_OFFERS = uuid.UUID("5b0f4a52-1d0c-5a86-9c0e-7d6a3d2f9e41")
OF_ORDER = "order:"
"""How the id of such an application begins, and the key of an order's entry."""
ORDERED = Stage(id="order", name="Ordered in the ATS", kind=StageKind.ASSESSMENT)
"""Where an application stands of which we know nothing but the order."""


class OrderState(StrEnum):
    """Where an order stands."""

    RECEIVED = "received"  # on disk and answered; nobody has looked at its application yet
    HELD = "held"  # its application stands in a stage that is not mapped
    PLACED = "placed"  # it has an interview
    SKIPPED = "skipped"  # it starts none, and the reason code says why
    CANCELLED = "cancelled"  # the ATS does not want it any more


class OrderRefusal(StrEnum):
    """Why a request about orders was refused; counted by day beside the deliveries that were."""

    KEY_WRONG = "OrderKeyWrong"  # it did not show a key of ours
    UNREADABLE = "OrderUnreadable"  # it is not as the vendor documents it
    DECLINED = "OrderDeclined"  # there is no such program, or it is paused


def offer_id(connection: str, program: str) -> str:
    """The id under which a program is offered in an ATS: always the same, and a UUID because some ATSs ask for one."""
    return str(uuid.uuid5(_OFFERS, f"{connection}/{program}"))


def offers_of(programs: Sequence[Program], connection: str) -> list[AssessmentOffer]:
    """What can be ordered at a connection, in the order of the file."""
    return [
        AssessmentOffer(id=offer_id(connection, program.key), name=program.title)
        for program in programs
        if program.connection == connection and program.orderable is True and not program.paused
    ]


def offers_edition(offers: Sequence[AssessmentOffer], *, base_url: str, options: Mapping[str, str]) -> str:
    """Tells lists apart: the same for the same list in the same place, another where anything in it changed.

    A connection that was pointed elsewhere (another address, another integration there) has told that place nothing yet.
    """
    return sha256(msgspec.json.encode((base_url, sorted(options.items()), offers))).hexdigest()


def order_entry_key(dedupe: str, *, turn: int) -> str:
    """What identifies an order among the entries of its application: it counts as an entry of its own (N3).

    ``turn`` is 1 but where the vendor has no id of an order, and the same thing was ordered again after it was over.
    """
    return f"{OF_ORDER}{dedupe}" if turn == 1 else f"{OF_ORDER}{dedupe}#{turn}"


def application_of_order(order: Order, *, order_id: str, program: Program) -> Application:
    """The application where the ATS shows none: what the order itself says. It is known by the order's id."""
    job = order.job or Job(id="order", title="", status=JobStatus.OPEN)
    return Application(
        id=f"{OF_ORDER}{order_id}",
        candidate=order.candidate,
        job=job if job.title else Job(id=job.id, title=program.title, status=job.status),
        stage=ORDERED,
        entry=StageEntryRef(history_id=order_id),
    )


def progress_of(state: InterviewState, *, begun: bool, handed_in: bool) -> Progress:
    """How far an order is whose interview is in ``state``. Only what is final is called completed.

    An interview that a person closed unscored is completed where it was handed in, and has no band.
    """
    match state:
        case InterviewState.FINAL:
            return Progress.COMPLETED
        case InterviewState.CLOSED if handed_in:
            return Progress.COMPLETED
        case InterviewState.CLOSED | InterviewState.WITHDRAWN | InterviewState.CANCELLED | InterviewState.HANDED_OVER:
            return Progress.CANCELLED
        case _:
            return Progress.STARTED if begun else Progress.WAITING
