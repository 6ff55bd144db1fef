"""Ports: what the services need from the outside world, each with at least two implementations."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from orchestrator.domain.doctor_facts import ServiceState
from orchestrator.domain.scoring import CompetencyClaim, Rater
from orchestrator.domain.transcript import Transcript
from rubrics.schema import Rubric


class Clock(Protocol):
    """Tells the time, in UTC."""

    def now(self) -> datetime:
        """The current instant, timezone-aware UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant, timezone-aware UTC."""
        return datetime.now(UTC)


class GradingRequest(Struct, frozen=True, kw_only=True):
    """What a grader sees: the rubric and the blinded transcript, and nothing else (N8).

    ``transcript`` holds the blinded texts under the original turn indexes; the way back stays with the caller.
    ``spent_tokens`` is what the same interview has taken before, of what it may take.
    """

    rubric: Rubric
    transcript: Transcript
    samples: int = 1
    spent_tokens: int = 0


class GradingReply(Struct, frozen=True, kw_only=True):
    """What a grader answers: one tuple of claims (one per competency of the rubric) for each sample."""

    rater: Rater
    samples: tuple[tuple[CompetencyClaim, ...], ...]


class Grader(Protocol):
    """Turns a blinded transcript into claims. Implementations: openai (any compatible endpoint), embedded."""

    @property
    def provisional(self) -> bool:
        """True where results are always for a person to decide (the embedded grader)."""
        ...

    async def grade(self, request: GradingRequest) -> GradingReply:
        """Grade every competency.

        Raises:
            GradingFailed: nothing usable came back; ``retryable`` says whether to ask again.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


class Mail(Struct, frozen=True, kw_only=True):
    """One e-mail. ``message_id`` is the same for every attempt to send the same mail. PII class: contact data."""

    message_id: str
    to: str
    to_name: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = {}


Confirm = Callable[[], Awaitable[None]]
"""Makes sure at the last moment that something may still be done; raises where it may not."""


class Mailer(Protocol):
    """Sends mail. Implementations: SMTP, the outbox kept in memory for tests and previews."""

    async def accepted(self, message_id: str) -> bool:
        """Say whether the mail server is known to have this message already; False where it cannot tell.

        Raises:
            MailFailed: the look-up itself failed.
        """
        ...

    async def send(self, mail: Mail, *, confirm: Confirm | None = None) -> None:
        """Hand the message to the mail server.

        ``confirm`` is awaited when nothing but the content of the message is still to be said. Where it raises, the
        message is not sent, and what it raised goes through.

        Raises:
            MailFailed: it was not accepted; ``retryable`` says whether to try again.
        """
        ...


@runtime_checkable
class Questionable(Protocol):
    """A service that can be asked how it is. Implementations: the SMTP mailer, the model grader."""

    async def question(self) -> ServiceState:
        """Ask, without sending or paying for anything; never raises for what the service does."""
        ...
