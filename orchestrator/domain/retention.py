"""Retention: how long each kind of artefact is kept, in days."""

from typing import Annotated

from msgspec import Meta

from orchestrator.domain.program import Strict

Days = Annotated[int, Meta(ge=1, le=3650)]


class Retention(Strict, frozen=True, kw_only=True):
    """Days after which an artefact is removed.

    Raw deliveries count from when they came, finished work from when it was settled, transcripts from the end of the interview,
    ``waiting`` (requests, reviews and expired links that nobody acted on) from the last step that somebody took.
    """

    deliveries: Days = 30
    finished_work: Days = 30
    transcripts: Days = 365
    waiting: Days = 90
