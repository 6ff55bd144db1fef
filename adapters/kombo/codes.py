"""Kombo's error codes, and what each means for the caller. Pure. All of them are documented by the vendor."""

import re
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from adapters.contract.errors import (
    AdapterError,
    AuthRejected,
    PermissionMissing,
    RateLimited,
    Unavailable,
    Unsupported,
)
from adapters.kit.http import AnswerHints

_CODE = re.compile(r"[A-Z][A-Z0-9_.]{0,63}", re.ASCII)
_MEANINGS: Mapping[str, Callable[[], AdapterError]] = {
    "PLATFORM.AUTHENTICATION_INVALID": lambda: AuthRejected("Kombo rejected the API key"),
    "PLATFORM.IP_NOT_WHITELISTED": lambda: AuthRejected("Kombo takes no requests from this address"),
    "INTEGRATION.AUTHENTICATION_INVALID": lambda: AuthRejected("the ATS rejected Kombo's credentials: link it again"),
    "INTEGRATION.PERMISSION_MISSING": lambda: PermissionMissing("Kombo may not do this in the ATS"),
    "PLATFORM.RATE_LIMIT_EXCEEDED": lambda: RateLimited("Kombo asks for fewer requests"),
    "PLATFORM.CONCURRENCY_LIMIT_EXCEEDED": lambda: RateLimited("Kombo asks for fewer requests at once"),
    "REMOTE.RATE_LIMIT_EXCEEDED": lambda: RateLimited("the ATS behind Kombo asks for fewer requests"),
    "INTEGRATION.SETUP_SYNC_PENDING": lambda: Unavailable("Kombo has not read this ATS yet"),
    "INTEGRATION.MODEL_NOT_AVAILABLE": lambda: Unsupported("this kind of record"),
    "INTEGRATION.MODEL_DISABLED": lambda: Unsupported("this kind of record, which is switched off at Kombo"),
    "INTEGRATION.ACTION_NOT_AVAILABLE": lambda: Unsupported("this action"),
    "INTEGRATION.ACTION_DISABLED": lambda: Unsupported("this action, which is switched off at Kombo"),
}
# Errors that say that something went wrong, and not that nothing was written.
UNSURE = frozenset({"platform_task_timed_out", "platform_unknown_error", "remote_unknown_http_error"})
TOO_MANY = 429


class _Error(Struct, frozen=True):
    code: str | None = None


class _Failure(Struct, frozen=True):
    error: _Error | None = None


def hints(body: bytes) -> AnswerHints:
    """The code of an error; its words may repeat what was sent."""
    code = _code(body)
    return AnswerHints(code=code.lower().replace(".", "_") if code else None)


def judge(status: int, body: bytes) -> AdapterError | None:
    """Read an error by its code: Kombo's statuses say less."""
    make = _MEANINGS.get(_code(body) or "")
    # A 429 has its wait in a header, which the usual reading looks at.
    return make() if make and status != TOO_MANY else None


def _code(body: bytes) -> str | None:
    try:
        error = msgspec.json.decode(body, type=_Failure).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return error.code if error and error.code and _CODE.fullmatch(error.code) else None
