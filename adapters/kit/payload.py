"""Typed access to JSON that others wrote."""

import re
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from adapters.contract.errors import PayloadInvalid

T = TypeVar("T")
LONGEST_WORD = 255
OUR_MARK = "[evenhand "
"""What every note of ours has in its last line, before its reference."""
# An id or a word that a database can index and an address can hold: neither empty nor endless, no control characters.
Word = Annotated[str, Meta(min_length=1, max_length=LONGEST_WORD, pattern=r"\A[^\x00-\x1f\x7f-\x9f]+\Z")]
# A moment without a zone says nothing: whose midnight would it be?
Moment = Annotated[datetime, Meta(tz=True)]
_PATH = re.compile(r"at `(\$[^`]*)`$")
_MISSING = re.compile(r"missing required field `([^`]+)`")


def decode(body: bytes, shape: type[T], *, what: str) -> T:
    """Read JSON bytes as ``shape`` (a msgspec struct or any type that msgspec knows); ``what`` names them in errors.

    Raises:
        PayloadInvalid: no JSON, nested too deep to be read, or a member is missing or has another type. Names the
            member, never its value.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise PayloadInvalid(f"{what}: {_where(str(error))}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise PayloadInvalid(f"{what} is not JSON") from None
    except RecursionError:
        raise PayloadInvalid(f"{what} is nested too deep") from None


def _where(message: str) -> str:
    found = _PATH.search(message)
    path = found.group(1) if found else "$"
    if missing := _MISSING.search(message):
        return f"{path}.{missing.group(1)} is missing"
    return f"{path} is not what the ATS documents"
