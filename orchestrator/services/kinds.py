"""Kinds of work: what is put on the work table, typed and versioned, so that a deploy reads what the last one wrote."""

import uuid
from typing import ClassVar

from orchestrator.work.payload import Payload
from orchestrator.work.table import Priority


class ProcessDelivery(Payload, frozen=True, kw_only=True):
    """Find out what a stored delivery means for the applications it names."""

    kind: ClassVar[str] = "delivery.process"
    delivery_id: uuid.UUID


class ReadApplication(Payload, frozen=True, kw_only=True):
    """Re-read one application (found by polling, or held until its stage was mapped)."""

    kind: ClassVar[str] = "application.read"
    delivery_id: uuid.UUID
    connection: str
    external_id: str


class SendMail(Payload, frozen=True, kw_only=True):
    """Send one mail about an interview. A mail of an earlier round is not sent any more."""

    kind: ClassVar[str] = "mail.send"
    priority: ClassVar[Priority] = Priority.CANDIDATE
    interview_id: uuid.UUID
    template: str
    round: int
    number: int = 0


class ExpireInterview(Payload, frozen=True, kw_only=True):
    """End the link of one round, if nobody handed in by then."""

    kind: ClassVar[str] = "interview.expire"
    interview_id: uuid.UUID
    round: int


class ScoreInterview(Payload, frozen=True, kw_only=True):
    """Grade the transcript of an interview."""

    kind: ClassVar[str] = "interview.score"
    interview_id: uuid.UUID
    round: int


class WriteBack(Payload, frozen=True, kw_only=True):
    """Bring one stored write-back to the ATS."""

    kind: ClassVar[str] = "ats.write"
    write_back_id: uuid.UUID


class TakeOrder(Payload, frozen=True, kw_only=True):
    """Read the application that a stored order is for, and start or join its interview."""

    kind: ClassVar[str] = "order.take"
    order_id: uuid.UUID


class ReportOrder(Payload, frozen=True, kw_only=True):
    """Tell the ATS how an order stands."""

    kind: ClassVar[str] = "order.report"
    report_id: uuid.UUID


class PublishOffers(Payload, frozen=True, kw_only=True):
    """Put the list of what can be ordered where the ATS keeps it, if it is another than the one that lies there."""

    kind: ClassVar[str] = "order.publish"
    priority: ClassVar[Priority] = Priority.BULK
    connection: str
    edition: str | None = None
    """The list that is meant, where a process that starts asks for its own; None: that of whoever does it."""


class FindOrders(Payload, frozen=True, kw_only=True):
    """Ask an ATS that keeps its orders which are open, for those whose delivery was lost."""

    kind: ClassVar[str] = "order.find"
    priority: ClassVar[Priority] = Priority.BULK
    connection: str


class FreeOrders(Payload, frozen=True, kw_only=True):
    """Look which orders wait for a stage that is mapped by now."""

    kind: ClassVar[str] = "order.free"
    priority: ClassVar[Priority] = Priority.BULK


class PollConnection(Payload, frozen=True, kw_only=True):
    """Ask an ATS what changed since the last time."""

    kind: ClassVar[str] = "ats.poll"
    priority: ClassVar[Priority] = Priority.BULK
    connection: str


class InspectConnection(Payload, frozen=True, kw_only=True):
    """Ask an ATS when the credentials of a connection end."""

    kind: ClassVar[str] = "ats.inspect"
    priority: ClassVar[Priority] = Priority.BULK
    connection: str


class WatchCredentials(Payload, frozen=True, kw_only=True):
    """Look which credentials end soon or are refused, and plan a mail for whoever is to be told."""

    kind: ClassVar[str] = "credential.watch"
    priority: ClassVar[Priority] = Priority.BULK


class TellOfCredential(Payload, frozen=True, kw_only=True):
    """Tell one administrator (None: the contact of evenhand.yaml) of the credential warning with this key."""

    kind: ClassVar[str] = "credential.tell"
    key: str
    account_id: uuid.UUID | None


class ApplyRetention(Payload, frozen=True, kw_only=True):
    """Remove what has been kept long enough."""

    kind: ClassVar[str] = "retention.apply"
    priority: ClassVar[Priority] = Priority.BULK


class AdvanceBackfill(Payload, frozen=True, kw_only=True):
    """Take a backfill one step on: a page of its list, or the next application."""

    kind: ClassVar[str] = "backfill.advance"
    priority: ClassVar[Priority] = Priority.BULK
    max_attempts: ClassVar[int] = 30
    backfill_id: uuid.UUID
    step: int


class ConsiderForBackfill(Payload, frozen=True, kw_only=True):
    """Read one application again and invite its candidate, if the backfill may."""

    kind: ClassVar[str] = "backfill.consider"
    priority: ClassVar[Priority] = Priority.BULK
    max_attempts: ClassVar[int] = 30
    backfill_id: uuid.UUID
    external_id: str
    step: int
