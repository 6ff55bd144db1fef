"""Typed access to JSON that others wrote."""

import re
from typing import TypeVar

import msgspec

from adapters.contract.errors import PayloadInvalid

T = TypeVar("T")
_PATH = re.compile(r"at `(\$[^`]*)`$")
_MISSING = re.compile(r"missing required field `([^`]+)`")


def decode(body: bytes, shape: type[T], *, what: str) -> T:
    """Read JSON bytes as ``shape`` (a msgspec struct or any type that msgspec knows); ``what`` names them in errors.

    Raises:
        PayloadInvalid: no JSON, or a member is missing or has another type. Names the member, never its value.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise PayloadInvalid(f"{what}: {_where(str(error))}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise PayloadInvalid(f"{what} is not JSON") from None


def _where(message: str) -> str:
    found = _PATH.search(message)
    path = found.group(1) if found else "$"
    if missing := _MISSING.search(message):
        return f"{path}.{missing.group(1)} is missing"
    return f"{path} is not what the ATS documents"
