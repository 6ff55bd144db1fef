"""What vendors with a clock and places of their own share: sweeps that end, look back, and never end alike."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.contract.errors import PayloadInvalid, Unsupported
from adapters.kit.clock import vendor_time
from adapters.kit.fieldless import WithoutFields
from adapters.kit.sweeps import Sweep

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)


def test_a_sweep_looks_back_to_before_it_began() -> None:
    """However long a sweep takes, the next one begins before its first page was read; within it nothing changes."""
    first = Sweep.at(None, since=NOW).listed(["1", "2", "1"], following="p2", now=NOW, overlap=OVERLAP)
    assert (first.application_ids, first.more) == (("1", "2"), True)
    at = Sweep.at(first.cursor, since=None)
    assert (at.page, at.after) == ("p2", NOW)
    last = at.listed(["3"], following=None, now=NOW + timedelta(hours=3), overlap=OVERLAP)
    assert not last.more
    assert Sweep.at(last.cursor, since=None) == Sweep(after=NOW - OVERLAP, sweep=1)


def test_two_sweeps_in_one_second_end_differently() -> None:
    """A clock in whole seconds does not make the cursors of two sweeps the same: what changed in between would be lost."""
    cursor, seen = None, set[str]()
    for _ in range(3):
        cursor = Sweep.at(cursor, since=None).listed([], following=None, now=NOW, overlap=OVERLAP).cursor
        seen.add(cursor)
    assert len(seen) == 3


def test_what_is_no_paging() -> None:
    """A place that comes back, and a cursor that is none of ours, are refused; where we begin is told in UTC."""
    at = Sweep(page="p1", began=NOW)
    with pytest.raises(PayloadInvalid, match="circles"):
        at.listed([], following="p1", now=NOW, overlap=OVERLAP)
    with pytest.raises(PayloadInvalid, match="the cursor"):
        Sweep.at('{"after": 3}', since=None)
    away = NOW.astimezone(timezone(timedelta(hours=5)))
    assert str(Sweep.at(None, since=away).after) == str(NOW)


def test_the_time_of_the_vendor() -> None:
    """The Date header in UTC; None where there is none or it is none."""
    assert vendor_time({"date": "Mon, 02 Mar 2026 09:30:00 GMT"}) == NOW
    assert vendor_time({"date": "Mon, 02 Mar 2026 09:30:00 -0000"}) == NOW
    assert [vendor_time(headers) for headers in ({}, {"date": "yesterday"}, {"date": ""})] == [None, None, None]


async def test_no_fields_at_all() -> None:
    """Each of the three verbs says that there are none."""
    nothing = WithoutFields()
    for verb in (nothing.list_fields(), nothing.read_fields("1"), nothing.write_fields("1", {}, expected={})):
        with pytest.raises(Unsupported, match="custom_fields"):
            await verb
