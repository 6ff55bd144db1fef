"""A sweep over pages that are numbered. Pure.

Where somebody is deleted, or changes and goes to the end, everybody behind moves up: who stood first on the next page
stands last on the one that was read already, and would be passed over. So a page is looked at again as soon as the page
after it was read, and who slipped onto it is told. Where nobody is left of those who stood there, more moved than one
page can show, and the sweep begins anew. Only who moved up and was pushed back by somebody new in front, between two
requests, is not seen.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from adapters.contract.errors import PayloadInvalid

# A sweep begins this long before the last one began, or before the newest change that it saw. Long enough for a sweep of
# some thousands at the vendor's limit.
OVERLAP = timedelta(minutes=10)


class Row(Struct, frozen=True):
    """An application in the list, and when it changed last."""

    id: str
    changed: datetime | None = None


class Seen(Struct, frozen=True, kw_only=True):
    """A page that was read: its address (None for the first) and what it listed."""

    address: str | None
    rows: tuple[Row, ...]


class Cursor(Struct, frozen=True, kw_only=True):
    """Where a sweep stands: ``page`` is the address of the page to be read next, None for the first.

    ``last`` is the page read last. While ``again`` is set, that page is looked at first, and no ``page`` means that none
    follows.
    """

    after: datetime | None = None
    page: str | None = None
    newest: datetime | None = None
    began: datetime | None = None
    last: Seen | None = None
    again: Seen | None = None

    @property
    def address(self) -> str | None:
        """The page to ask for now, None for the first."""
        return self.again.address if self.again else self.page


class Step(Struct, frozen=True, kw_only=True):
    """What one page told: who was not told before, and where the sweep stands; ``more`` until it ends."""

    ids: tuple[str, ...]
    cursor: Cursor
    more: bool


def take(at: Cursor, rows: Iterable[Row], *, following: str | None, now: datetime) -> Step:
    """Take in the page at ``at.address``, with the address that it says is the ``following`` one.

    Raises:
        PayloadInvalid: the page follows itself, or the one before it does.
    """
    listed, began = tuple(rows), at.began or now
    times = [row.changed for row in listed if row.changed] + ([at.newest] if at.newest else [])
    newest = max(times, default=None)
    told = {row.id for seen in (at.last, at.again) if seen for row in seen.rows}
    fresh = tuple(dict.fromkeys(row.id for row in listed if row.id not in told))
    if at.again is not None:
        # Who changed may have gone to the end and come up here again: only who stands here unchanged has not moved.
        if at.again.rows and not set(at.again.rows) & set(listed):
            # Told in the next sweep, under cursors of its own.
            return Step(ids=(), cursor=Cursor(after=at.after), more=False)
        return _after(Cursor(after=at.after, page=at.page, newest=newest, began=began, last=at.last), fresh)
    if following is not None and following in {at.page, at.last and at.last.address}:
        raise PayloadInvalid("paging goes in circles: the ATS repeated a cursor")
    here = Seen(address=at.page, rows=listed)
    return _after(Cursor(after=at.after, page=following, newest=newest, began=began, last=here, again=at.last), fresh)


def _after(cursor: Cursor, fresh: tuple[str, ...]) -> Step:
    if cursor.page is not None or cursor.again is not None:
        return Step(ids=fresh, cursor=cursor, more=True)
    newest, began = cursor.newest, cursor.began
    after = min(newest, began) - OVERLAP if newest and began else cursor.after
    return Step(ids=fresh, cursor=Cursor(after=after), more=False)
