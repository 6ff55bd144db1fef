"""What people type or put into an address, before it goes any further."""

import unicodedata

from orchestrator.errors import InputInvalid, Missing

MAX_REASON = 2000
MAX_EMAIL = 254
_LAST_ROW = 2**63 - 1
_UNWANTED = {"Cc", "Cs"}


def cleaned(text: str) -> str:
    """The text with LF as its line end, and without what no database keeps: control characters, halves of pairs."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in lines if one in "\n\t" or unicodedata.category(one) not in _UNWANTED)


def reason_typed(text: str) -> str:
    """A reason, clean and without space around it.

    Raises:
        InputInvalid: longer than 2,000 characters.
    """
    reason = cleaned(text).strip()
    if len(reason) > MAX_REASON:
        message = f"Please keep the reason under {MAX_REASON:,} characters. It has {len(reason):,} now."
        raise InputInvalid(message, fields={"reason": message})
    return reason


def key_in_address(key: str) -> str:
    """A key as it stands in an address.

    Raises:
        Missing: it has characters that no key has.
    """
    if cleaned(key) != key:
        raise Missing("There is nothing of that name.")
    return key


def work_number(number: int) -> int:
    """The number of a piece of work.

    Raises:
        Missing: no row can have it.
    """
    if not 1 <= number <= _LAST_ROW:
        raise Missing("There is no work with that number.")
    return number
