"""What becomes of an attempt, as a value: done, again later, given up, or the whole connection waits."""

from msgspec import Struct

from adapters.contract.errors import (
    AdapterError,
    AuthRejected,
    Permanent,
    RateLimited,
    Timeout,
    Unavailable,
    Unsupported,
)
from adapters.contract.errors import PayloadInvalid as VendorPayloadInvalid
from orchestrator.errors import EvenhandError, GradingFailed, MailFailed

REASON_LENGTH = 300

STOPPED = "stopped by hand"
"""How the reason of work begins that waits for a stop to end."""

STOPPED_LOOKS = 300.0
"""Seconds between two looks of such work. The end of a stop wakes it at once; this is for a wake-up that is lost."""


class Done(Struct, frozen=True):
    """Finished."""


class Retry(Struct, frozen=True, kw_only=True):
    """Again after ``after`` seconds, or by the schedule where None. What is not ``counted`` can never exhaust."""

    reason: str
    after: float | None = None
    counted: bool = True


class Dead(Struct, frozen=True):
    """Given up; a person is needed. Kept in sight as a dead letter."""

    reason: str


class Pause(Struct, frozen=True):
    """Everything of this connection waits until it is resumed; the attempt does not count."""

    reason: str


class Unreachable(Struct, frozen=True):
    """The other side of the connection did not answer. Counts against the connection first, not against the work."""

    reason: str


Outcome = Done | Retry | Dead | Pause | Unreachable


class TokenDenied(EvenhandError):
    """The connection's rate limit has no room soon; try again after ``retry_after`` seconds."""

    def __init__(self, key: str, *, retry_after: float) -> None:
        super().__init__(f"rate limit of {key} is used up")
        self.retry_after = retry_after


class Stopped(EvenhandError):
    """Somebody stopped what this would send, by hand. It waits until they let it go on."""

    retry_after = STOPPED_LOOKS

    def __init__(self, scope: str, name: str) -> None:
        super().__init__(f"{STOPPED}: {scope} {name}".rstrip())


class LeaseLost(EvenhandError):
    """Somebody else has taken this work over, or it was cancelled. Nothing of the attempt was kept."""


def outcome_of(error: Exception) -> Outcome:
    """What an error that a handler let through means.

    Only our own errors speak for themselves; of any other the class name is kept, for its text may hold personal data.
    """
    match error:
        case TokenDenied() | Stopped():
            return Retry(reason=str(error), after=error.retry_after, counted=False)
        case AuthRejected():
            return Pause(_reason(error))
        case (
            Permanent()
            | Unsupported()
            | VendorPayloadInvalid()
            | GradingFailed(retryable=False)
            | MailFailed(retryable=False)
        ):
            return Dead(_reason(error))
        case Timeout() | Unavailable():
            return Unreachable(_reason(error))
        case RateLimited() | GradingFailed():
            return Retry(reason=_reason(error), after=error.retry_after)
        case _:
            return Retry(reason=_reason(error))


def _reason(error: Exception) -> str:
    name = type(error).__name__
    ours = isinstance(error, EvenhandError | AdapterError) and str(error)
    return (f"{name}: {error}" if ours else name)[:REASON_LENGTH]
