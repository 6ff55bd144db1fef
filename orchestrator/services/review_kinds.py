"""Kinds of work of the review desk, beside the decision that becomes final (see `orchestrator.services.review.holds`)."""

import uuid
from typing import ClassVar

from orchestrator.work.payload import Payload


class SettleReopening(Payload, frozen=True, kw_only=True):
    """Ask the candidate again, unless that was taken back."""

    kind: ClassVar[str] = "reopening.settle"
    held_id: uuid.UUID


class CaseOverdue(Payload, frozen=True, kw_only=True):
    """The time by which a case was to be decided is over: see who is to be told, if it still waits."""

    kind: ClassVar[str] = "case.overdue"
    case_id: uuid.UUID


class TellOfCase(Payload, frozen=True, kw_only=True):
    """Tell one administrator (None: the contact of evenhand.yaml) of a case that still waits after its time."""

    kind: ClassVar[str] = "case.tell"
    case_id: uuid.UUID
    account_id: uuid.UUID | None
