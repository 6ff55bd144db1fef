"""What can go wrong between Evenhand and an ATS, grouped by what the caller must do.

AdapterError
├── SignatureInvalid          refuse the delivery, store nothing
├── PayloadInvalid            refuse the delivery, or give the pull up: the vendor broke its own shape
├── Unsupported               never call this verb on this vendor
├── Transient                 try again later
│   ├── Timeout               the request never got an answer (reads only; a write becomes OutcomeUnknown)
│   ├── Unavailable           5xx, refused connection, maintenance
│   └── RateLimited           wait ``retry_after`` seconds
├── Permanent                 trying again changes nothing
│   ├── AuthRejected          pause the connection, ask for new credentials
│   ├── PermissionMissing     ask the customer's admin for ``scope``
│   ├── NotFound              the record is gone
│   ├── Conflict              someone else changed it: a person decides
│   └── Refused               the vendor refused the value or the verb (``code``)
└── OutcomeUnknown            a write was sent and not answered: read back before anything else
"""


class AdapterError(Exception):
    """Anything that an adapter raises on purpose."""


class SignatureInvalid(AdapterError):
    """The delivery was not signed by the holder of the secret, or too long ago."""


class PayloadInvalid(AdapterError):
    """The bytes are not what the vendor documents."""


class Unsupported(AdapterError):
    """The vendor cannot do this."""

    def __init__(self, capability: str) -> None:
        super().__init__(f"this ATS does not support {capability}")
        self.capability = capability


class Transient(AdapterError):
    """Try again later."""


class Timeout(Transient):
    """No answer in time to a request that changes nothing."""


class Unavailable(Transient):
    """The ATS cannot serve now."""


class RateLimited(Transient):
    """Too many requests; ``retry_after`` is in seconds, None where the vendor does not say."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Permanent(AdapterError):
    """Trying again changes nothing."""


class AuthRejected(Permanent):
    """The credentials are wrong, revoked or expired."""


class PermissionMissing(Permanent):
    """The credentials are right but may not do this; ``scope`` names what is missing, if the vendor says."""

    def __init__(self, message: str, *, scope: str | None = None) -> None:
        super().__init__(message)
        self.scope = scope


class NotFound(Permanent):
    """The record is not there (any more)."""


class Conflict(Permanent):
    """The record changed under us; a person decides."""


class Refused(Permanent):
    """The vendor, or our own guard, refused this value or this verb; ``code`` is stable."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class OutcomeUnknown(AdapterError):
    """A write was sent and its outcome is not known. Never repeat it before a read-back."""
