"""What time it is where the ATS is."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def vendor_time(headers: Mapping[str, str]) -> datetime | None:
    """The time in the Date header of an answer (lower-case names), whole seconds; None where there is none."""
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
