"""What answers say of limits: every spelling, spans and moments, and nothing made of nonsense."""

from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.allowance import Allowance, listening, tell
from adapters.contract.errors import RateLimited
from adapters.kit.http import HttpClient
from adapters.kit.limits import LONGEST, allowance_of, seconds_to_reset

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        (str(EPOCH + 20), 20.0),
        (str(EPOCH - 20), 0.0),
        (str((EPOCH + 20) * 1000), 20.0),
        ("86400", LONGEST),
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_a_reset_is_a_span_or_a_moment(value: str | None, seconds: float | None) -> None:
    """Small numbers are seconds, large ones seconds or milliseconds since 1970."""
    assert seconds_to_reset(value, now=NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "allowance"),
    [
        ({"x-ratelimit-remaining": "4", "x-ratelimit-reset": str(EPOCH + 9)}, Allowance(left=4, seconds=9.0)),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "9"}, Allowance(left=0, seconds=9.0)),
        ({"ratelimit-remaining": "3"}, Allowance(left=3)),
        ({"x-ratelimit-limit": "50"}, None),
        ({"x-ratelimit-remaining": "-1"}, None),
        ({"x-ratelimit-remaining": "many"}, None),
        ({}, None),
    ],
)
def test_every_spelling_is_read(headers: Mapping[str, str], allowance: Allowance | None) -> None:
    """The three spellings; what is no number says nothing."""
    assert allowance_of(headers, clock=lambda: NOW) == allowance


@given(left=st.text(max_size=30), reset=st.text(max_size=30))
def test_nonsense_breaks_nothing(left: str, reset: str) -> None:
    """Whatever stands there, what is understood is not negative and not for ever."""
    found = allowance_of({"x-ratelimit-remaining": left, "x-ratelimit-reset": reset}, clock=lambda: NOW)
    assert found is None or (found.left >= 0 and (found.seconds is None or 0 <= found.seconds <= LONGEST))


def answering(status: int, headers: Mapping[str, str]) -> HttpClient:
    """A client of an ATS that always answers so."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=dict(headers), content=b"{}"))
    return HttpClient("https://ats.example.com", headers={}, transport=transport, clock=lambda: NOW)


@pytest.mark.parametrize("headers", [{"Retry-After": "30"}, {"Retry-After": "30", "X-RateLimit-Remaining": "5"}])
async def test_a_429_leaves_nothing(headers: Mapping[str, str]) -> None:
    """Whatever else it says, until the time that it asks for."""
    heard: list[Allowance] = []
    with listening(heard.append), pytest.raises(RateLimited):
        await answering(429, headers).read("/x")
    assert heard == [Allowance(left=0, seconds=30.0, refused=True)]


async def test_only_who_listens_hears() -> None:
    """Reads and writes tell; a token endpoint does not, for it has a limit of its own; outside the block nobody hears."""
    client, heard = answering(200, {"X-RateLimit-Remaining": "5"}), list[Allowance]()
    with listening(heard.append):
        await client.read("/x")
        await client.write("POST", "/x", body={})
        await client.ask_form("/token", {}, headers={})
    await client.read("/x")
    tell(Allowance(left=1))
    assert heard == [Allowance(left=5)] * 2


DATE = "Mon, 02 Mar 2026 09:31:00 GMT"
"""A minute later than our clock says."""


def test_a_moment_is_one_of_the_clock_of_the_ats() -> None:
    """Ten seconds are ten seconds, however wrong our own clock is."""
    headers = {"date": DATE, "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 70)}
    assert allowance_of(headers, clock=lambda: NOW) == Allowance(left=0, seconds=10.0)


async def test_so_is_the_moment_of_a_retry_after() -> None:
    """A date that is ten seconds after that of the answer."""
    with pytest.raises(RateLimited) as refused:
        await answering(429, {"Date": DATE, "Retry-After": "Mon, 02 Mar 2026 09:31:10 GMT"}).read("/x")
    assert refused.value.retry_after == 10.0


@pytest.mark.parametrize("date", ["", "soon", "Mon, 02 Mar 99999999999999 09:30:00 GMT"])
def test_an_answer_without_a_time_is_measured_by_our_clock(date: str) -> None:
    """No date, or none that can be read."""
    headers = {"date": date, "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 70)}
    assert allowance_of(headers, clock=lambda: NOW) == Allowance(left=0, seconds=70.0)
