"""From the engine's seconds to datetimes."""

from datetime import UTC, datetime
from typing import overload


@overload
def moment(seconds: float) -> datetime: ...
@overload
def moment(seconds: None) -> None: ...
def moment(seconds: float | None) -> datetime | None:
    """A timezone-aware UTC datetime from seconds since the epoch."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
