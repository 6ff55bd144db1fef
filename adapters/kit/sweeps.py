"""A sweep over what changed, by the vendor's own clock and the vendor's own places in its list. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Self

from msgspec import Struct, json

from adapters.contract.errors import PayloadInvalid
from adapters.contract.model import ChangedPage
from adapters.kit.payload import decode


class Sweep(Struct, frozen=True, kw_only=True):
    """Where a sweep stands: changes ``after``, the vendor's place of the next page, when it began, and its number.

    Whoever changes while a sweep runs may have been passed already: the next one begins where this one began. The number
    makes no two cursors the same, for a vendor's clock may tell whole seconds.
    """

    after: datetime | None = None
    page: str | None = None
    began: datetime | None = None
    sweep: int = 0

    @classmethod
    def at(cls, cursor: str | None, *, since: datetime | None) -> Self:
        """Go on at a cursor that ``listed`` made, or begin the first sweep at ``since`` (everything without it).

        Raises:
            PayloadInvalid: the cursor is none of ours.
        """
        if cursor:
            return decode(cursor.encode(), cls, what="the cursor")
        return cls(after=since.astimezone(UTC) if since else None)

    def listed(self, ids: Iterable[str], *, following: str | None, now: datetime, overlap: timedelta) -> ChangedPage:
        """Take in a page and the vendor's place of the one ``following``; ``overlap`` is how far the next sweep looks back.

        ``now`` is the vendor's time; only that of a sweep's first page counts.

        Raises:
            PayloadInvalid: the vendor repeated its place.
        """
        if following is not None and following == self.page:
            raise PayloadInvalid("paging goes in circles: the ATS repeated a cursor")
        began = self.began or now
        coming = (
            type(self)(after=began - overlap, sweep=self.sweep + 1)
            if following is None
            else type(self)(after=self.after, page=following, began=began, sweep=self.sweep)
        )
        return ChangedPage(
            application_ids=tuple(dict.fromkeys(ids)), cursor=json.encode(coming).decode(), more=following is not None
        )
