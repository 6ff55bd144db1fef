"""What can go wrong inside Evenhand, grouped by what the caller must do.

EvenhandError
├── ConfigurationInvalid      mend the file; every problem is listed
├── SettingsInvalid           mend the environment
├── RequestRefused            the person asking must change something (shown to them, 4xx)
│   ├── Unauthenticated       sign in
│   ├── Forbidden             ask someone with the right role
│   ├── Missing               the thing is not there, or not for you
│   ├── Stale                 someone else was faster: look again, then decide
│   ├── InputInvalid          mend the named fields
│   └── Busy                  come again after ``retry_after`` seconds (503): nothing was kept
├── TransitionRefused         the state machine has no such step
├── GradingFailed             the model gave nothing usable; ``retryable`` says whether to ask again
├── MailFailed                the mail server did not take it; ``retryable`` says whether to try again
└── ChainBroken               the audit log was altered
"""

from collections.abc import Mapping, Sequence


class EvenhandError(Exception):
    """Anything that Evenhand raises on purpose."""


class ConfigurationInvalid(EvenhandError):
    """A configuration or rubric file cannot be used. ``problems`` is never empty."""

    def __init__(self, problems: Sequence[object]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class SettingsInvalid(EvenhandError):
    """An environment variable is missing or wrong."""


class RequestRefused(EvenhandError):
    """Something about the request must change. ``status`` is the HTTP status, the message is for the person asking."""

    status = 400


class Unauthenticated(RequestRefused):
    """Nobody is signed in."""

    status = 401


class Forbidden(RequestRefused):
    """Signed in, but without the right."""

    status = 403


class Missing(RequestRefused):
    """Not there, or not for this person."""

    status = 404


class Stale(RequestRefused):
    """The record changed since it was shown."""

    status = 409


class InputInvalid(RequestRefused):
    """``fields`` maps a form field to what to mend."""

    status = 422

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class Busy(RequestRefused):
    """More comes in than can be kept; the same request will do ``retry_after`` seconds later."""

    status = 503

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TransitionRefused(EvenhandError):
    """The interview cannot take this step from where it is."""


class GradingFailed(EvenhandError):
    """The grader gave nothing usable."""

    def __init__(self, message: str, *, retryable: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after


class MailFailed(EvenhandError):
    """The mail server did not accept the message."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class ChainBroken(EvenhandError):
    """The audit log does not verify; ``sequence`` is the first event that does not fit."""

    def __init__(self, message: str, *, sequence: int) -> None:
        super().__init__(message)
        self.sequence = sequence
