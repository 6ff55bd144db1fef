"""Who is told what of credentials that end, and that nobody is told twice."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.credential_warning import (
    DAYS,
    CredentialWarning,
    Ending,
    Refusal,
    ending_warnings,
    refusal_warnings,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
END = NOW + timedelta(days=40)


def told(left: timedelta) -> list[int]:
    """Which thresholds are news when so much time is left."""
    return [one.days for one in ending_warnings([Ending("north", "api_key", NOW + left)], now=NOW)]


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=30, seconds=1), []),
        (timedelta(days=30), [30]),
        (timedelta(days=7, seconds=1), [30]),
        (timedelta(days=7), [7]),
        (timedelta(days=1), [1]),
        (timedelta(seconds=1), [1]),
        (timedelta(), [0]),
        (timedelta(days=-100), [0]),
    ],
)
def test_the_nearest_threshold_is_the_news(left: timedelta, days: list[int]) -> None:
    """Whoever hears of it late hears of it once, and as it stands."""
    assert told(left) == days


@given(st.lists(st.integers(min_value=-48, max_value=40 * 24), min_size=1, max_size=40))
def test_however_often_one_looks_each_threshold_is_one_piece_of_news(hours: Sequence[int]) -> None:
    """Looks in any order and number give at most one key for each threshold."""
    end = Ending("north", None, END)
    found = [one for left in hours for one in ending_warnings([end], now=END - timedelta(hours=left))]
    keys = {(one.days, one.key) for one in found}
    assert len(keys) == len({days for days, _ in keys}) <= len(DAYS)


def test_another_end_is_other_news() -> None:
    """A credential that was replaced is warned of again in its own time; so is the next one."""
    ends = [
        Ending("north", "api_key", NOW),
        Ending("north", "api_key", NOW + timedelta(hours=1)),
        Ending("north", None, NOW),
        Ending("south", "api_key", NOW),
    ]
    assert len({one.key for one in ending_warnings(ends, now=NOW)}) == len(ends)


def keys(*refusals: Refusal) -> set[str]:
    """The news in them."""
    return {one.key for one in refusal_warnings(refusals)}


def test_a_refusal_is_news_until_the_credentials_are_good_again() -> None:
    """Refused again and again after one renewal is one piece of news, and after the next one another."""
    first, again = Refusal("north", NOW, "why", NOW), Refusal("north", NOW + timedelta(days=3), "why", NOW)
    assert keys(first) == keys(again)
    assert keys(first) != keys(Refusal("north", NOW + timedelta(days=3), "why", NOW + timedelta(days=2)))


def test_without_renewals_a_refusal_is_news_once_a_day() -> None:
    """Nobody knows when an API key was good the last time."""
    morning, evening = (Refusal("north", NOW + timedelta(hours=hours), "why") for hours in (0, 9))
    assert keys(morning) == keys(evening)
    assert keys(morning) != keys(Refusal("north", NOW + timedelta(days=1), "why"))


def test_a_key_fits_a_message_id_and_says_nothing() -> None:
    """Thirty-two letters and digits, whatever the names are."""
    [one] = ending_warnings([Ending("n" * 60, "c" * 80, NOW)], now=NOW)
    assert isinstance(one, CredentialWarning)
    assert len(one.key) == 32
    assert one.key.isalnum()
    assert one.subject == f"{'n' * 60}/{'c' * 80}"
