"""What an error that a handler let through means."""

import pytest

from adapters.contract import errors as adapter
from orchestrator.errors import GradingFailed, MailFailed
from orchestrator.work.outcome import REASON_LENGTH, Dead, Outcome, Pause, Retry, TokenDenied, Unreachable, outcome_of


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (adapter.Unavailable("503"), Unreachable("Unavailable: 503")),
        (adapter.RateLimited("429", retry_after=7), Retry(reason="RateLimited: 429", after=7)),
        (adapter.OutcomeUnknown("no answer"), Retry(reason="OutcomeUnknown: no answer")),
        (adapter.AuthRejected("revoked"), Pause("AuthRejected: revoked")),
        (adapter.NotFound("gone"), Dead("NotFound: gone")),
        (adapter.Refused("too long", code="length"), Dead("Refused: too long")),
        (adapter.PayloadInvalid("no id"), Dead("PayloadInvalid: no id")),
        (adapter.Unsupported("notes"), Dead("Unsupported: this ATS does not support notes")),
        (GradingFailed("busy", retryable=True, retry_after=3), Retry(reason="GradingFailed: busy", after=3)),
        (GradingFailed("refused", retryable=False), Dead("GradingFailed: refused")),
        (MailFailed("busy", retryable=True), Retry(reason="MailFailed: busy")),
        (MailFailed("no such box", retryable=False), Dead("MailFailed: no such box")),
        (
            TokenDenied("sandbox", retry_after=2),
            Retry(reason="rate limit of sandbox is used up", after=2, counted=False),
        ),
        (ValueError("ada@example.org"), Retry(reason="ValueError")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_error_says_what_to_do(error: Exception, outcome: Outcome) -> None:
    """Our own errors speak for themselves; of any other only the class name is kept."""
    assert outcome_of(error) == outcome


def test_reason_is_short() -> None:
    """A long message does not fill the table."""
    outcome = outcome_of(adapter.NotFound("x" * 5000))
    assert isinstance(outcome, Dead)
    assert len(outcome.reason) == REASON_LENGTH
