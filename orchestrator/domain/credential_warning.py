"""Credentials that end or were refused: what administrators are told of, once for each credential and threshold."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from msgspec import Struct

DAYS = (30, 7, 1, 0)
"""Days before the end at which somebody is told; 0 when it has ended."""


class Cause(StrEnum):
    """What there is to be told."""

    ENDS = "ends"
    REFUSED = "refused"


class CredentialWarning(Struct, frozen=True, kw_only=True):
    """One thing to be told. ``name`` is None where the whole connection is meant. PII class: none.

    ``mark`` tells one end, or one spell of being refused, from the next. ``days`` is the threshold, 0 after the end and for
    what was refused; ``at`` when it ends, or since when it is refused; ``reason`` why it was refused.
    """

    connection: str
    cause: Cause
    mark: str
    at: datetime
    name: str | None = None
    days: int = 0
    reason: str = ""

    @property
    def key(self) -> str:
        """The same for the same news, however often it is found; 32 letters and digits."""
        parts = (self.connection, self.name or "*", self.cause.value, self.mark, str(self.days))
        return sha256("\n".join(parts).encode()).hexdigest()[:32]

    @property
    def subject(self) -> str:
        """What it is about in the audit log."""
        return f"{self.connection}/{self.name or '*'}"


class Ending(Struct, frozen=True):
    """A credential (None: the ATS speaks of all) of a connection, and when it ends."""

    connection: str
    name: str | None
    at: datetime


class Refusal(Struct, frozen=True):
    """A connection whose credentials are refused, since when, why, and when they were good the last time, if known."""

    connection: str
    since: datetime
    reason: str
    good_at: datetime | None = None


def ending_warnings(ends: Sequence[Ending], *, now: datetime) -> Iterator[CredentialWarning]:
    """What to say of credentials that end: for each only the nearest threshold, so that late news comes once."""
    for one in ends:
        reached = [days for days in DAYS if one.at - now <= timedelta(days=days)]
        if reached:
            yield CredentialWarning(
                connection=one.connection,
                cause=Cause.ENDS,
                mark=one.at.isoformat(timespec="seconds"),
                at=one.at,
                name=one.name,
                days=min(reached),
            )


def refusal_warnings(refusals: Sequence[Refusal]) -> Iterator[CredentialWarning]:
    """What to say of credentials that are refused: once until they were good again, else once a day at the most."""
    for one in refusals:
        mark = f"{one.since:%Y-%m-%d}" if one.good_at is None else one.good_at.isoformat()
        yield CredentialWarning(
            connection=one.connection, cause=Cause.REFUSED, mark=mark, at=one.since, reason=one.reason
        )
