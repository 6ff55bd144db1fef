"""What a delivery means. An event is a hint: the application is re-read before anything happens."""

from datetime import datetime

from msgspec import Struct


class StageChanged(Struct, frozen=True, kw_only=True, tag="stage_changed"):
    """An application moved. ``delivery_id`` is the vendor's id of the event, where it has one.

    ``to_stage`` is the id of the stage that it moved to, as in ``Stage.id``, where the delivery names it.
    """

    application_id: str
    delivery_id: str | None = None
    occurred_at: datetime | None = None
    to_stage: str | None = None


class ApplicationChanged(Struct, frozen=True, kw_only=True, tag="application_changed"):
    """Something else about an application changed (a field, a note, the job's status, the disposition)."""

    application_id: str
    delivery_id: str | None = None
    occurred_at: datetime | None = None


class Ping(Struct, frozen=True, kw_only=True, tag="ping"):
    """The vendor checks that we are there."""


class Unknown(Struct, frozen=True, kw_only=True, tag="unknown"):
    """A kind that this adapter does not know. Kept and counted, never guessed, never an error."""

    kind: str
    delivery_id: str | None = None


Event = StageChanged | ApplicationChanged | Ping | Unknown
