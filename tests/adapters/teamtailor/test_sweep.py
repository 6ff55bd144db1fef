"""A sweep over numbered pages, while people are deleted, change and come: nobody who stays is passed over."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract.errors import PayloadInvalid
from adapters.teamtailor.sweep import Cursor, Row, Step, take

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def look(rows: list[tuple[int, int]], at: Cursor, size: int) -> Step:
    """The page that the cursor asks for, of a list that stands as it does now: numbers, and how often each changed."""
    number = int(at.address or 0)
    following = str(number + 1) if (number + 1) * size < len(rows) else None
    page = rows[number * size : (number + 1) * size]
    shown = [Row(str(one), NOW + timedelta(seconds=changes)) for one, changes in page]
    return take(at, shown, following=following, now=NOW)


@settings(max_examples=300)
@given(
    people=st.integers(0, 20),
    size=st.integers(1, 5),
    changes=st.lists(
        st.lists(st.tuples(st.sampled_from(["delete", "change", "come"]), st.integers(0, 30)), max_size=4)
    ),
)
def test_nobody_who_stays_is_passed_over(people: int, size: int, changes: list[list[tuple[str, int]]]) -> None:
    """Between any two pages people are deleted, changed (to the end of the list) and come (at its end)."""
    rows, told, at = [(one, 0) for one in range(people)], set[str](), Cursor(began=NOW, newest=NOW)
    for turn in range(1000):
        step = look(rows, at, size)
        told, at = told | set(step.ids), step.cursor
        # A sweep that begins anew has no time from which the next one would begin.
        if not step.more and at.after is not None:
            break
        at = at if step.more else Cursor(newest=NOW)
        for what, index in changes[turn] if turn < len(changes) else ():
            if what == "come":
                rows.append((1000 + turn * 100 + len(rows), 0))
            elif rows:
                one, times = rows.pop(index % len(rows))
                if what == "change":
                    rows.append((one, times + 1))
    assert at.after is not None
    assert told >= {str(one) for one, times in rows if one < people and not times}


def test_pages_that_lead_back() -> None:
    """A page that leads to itself, or to the one before it, is refused: the sweep would never end."""
    first = take(Cursor(), [Row("1")], following="b", now=NOW).cursor
    second = take(first, [Row("2")], following="c", now=NOW).cursor
    third = take(second, [Row("1")], following=None, now=NOW).cursor
    for back in ("b", "c"):
        with pytest.raises(PayloadInvalid, match="circles"):
            take(third, [Row("3")], following=back, now=NOW)
