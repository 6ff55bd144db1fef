"""Operations and the timeline over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.web.phrases import Phrases
from tests.fixtures.fake_team_services import quiet_services
from tests.fixtures.team_operations import APPLICATIONS, DEAD_LETTER, QUARANTINE
from tests.integration.web.team_browsing import browsing

NOW = datetime(2026, 8, 24, 14, 5, 9, tzinfo=UTC)


async def test_the_health_line_comes_first() -> None:
    """Troubles before everything else; "All quiet" where there are none."""
    async with browsing() as browser:
        page = (await browser.get("/operations")).text
        assert page.index("2 things need you") < page.index("Stages that nobody explained yet")
    async with browsing(services=quiet_services()) as browser:
        page = (await browser.get("/operations")).text
        assert "All quiet" in page
        assert "Nothing needs a person" in page


@pytest.mark.parametrize(
    ("show", "words"),
    [
        ("", "Chat with Sam"),
        ("nonsense", "Chat with Sam"),
        ("applications", "Lucía Fernández"),
        ("sync", "try again in 30 s"),
    ],
)
async def test_one_section_at_a_time(show: str, words: str) -> None:
    """The address says which; an unknown one is the first."""
    async with browsing() as browser:
        page = (await browser.get(f"/operations?show={show}")).text
        assert words in page


async def test_mapping_takes_one_choice_and_says_what_happened() -> None:
    """The stage kind reaches the service, and the page confirms."""
    async with browsing() as browser:
        answer = await browser.post(f"/operations/quarantine/{QUARANTINE}/map", kind="first_interview")
        assert browser.services.operating.acts[0][:3] == ("map", QUARANTINE, "first_interview")
        assert "Mapped." in (await browser.get(answer.headers["location"])).text


@pytest.mark.parametrize("kind", ["", "no_such_stage"])
async def test_mapping_to_nothing_is_refused_by_the_field(kind: str) -> None:
    """Nothing is guessed."""
    async with browsing() as browser:
        answer = await browser.post(f"/operations/quarantine/{QUARANTINE}/map", kind=kind)
        assert answer.status_code == 422
        assert f'id="kind-{QUARANTINE}-error"' in answer.text
        assert browser.services.operating.acts == []


async def test_done_by_hand_needs_a_reason() -> None:
    """422 by the field of that row, with what was typed."""
    async with browsing() as browser:
        answer = await browser.post(f"/operations/work/{DEAD_LETTER}/done", reason="by hand")
        assert answer.status_code == 422
        assert f'id="reason-{DEAD_LETTER}-error"' in answer.text
        assert "by hand</textarea>" in answer.text
        assert browser.services.operating.acts == []


async def test_what_the_page_confirms_is_never_taken_from_the_address() -> None:
    """A link cannot put words on the page."""
    async with browsing() as browser:
        assert "send money" not in (await browser.get("/operations?told=send%20money")).text


async def test_a_timeline_tells_every_step_with_its_time_and_reason() -> None:
    """Event, decision with its checks, interview, score, review, write-back, in order."""
    async with browsing() as browser:
        page = (await browser.get(f"/operations/applications/{APPLICATIONS[0].application_id}")).text
    steps = [
        "Moved to “First interview”",
        "An interview was started",
        "41 of 100, below 50: yes",
        "The answers were handed in",
        "First reading: Solid evidence",
        "Waits for a person",
        "Ada Okafor confirmed “Solid evidence”",
        "Read back and equal.",
    ]
    order = [page.index(words) for words in steps]
    assert order == sorted(order)
    assert page.count("(UTC)") == 2
    assert "08:58:12" in page


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0.2, "due in under 1 min"),
        (20, "due in 20 min"),
        (-20, "overdue by 20 min"),
        (150, "due in 2 h 30 min"),
        (120, "due in 2 h"),
        (200, "due in 3 h"),
        (3 * 24 * 60 + 5, "due in 3 days"),
    ],
)
def test_times_are_said_as_people_say_them(minutes: float, words: str) -> None:
    """One unit, two where the second matters."""
    assert Phrases(NOW).due(NOW + timedelta(minutes=minutes)) == words


def test_times_are_written_in_utc_whatever_zone_they_come_in() -> None:
    """The exact time, the day and the clock of the same moment agree."""
    say, elsewhere = Phrases(NOW), NOW.astimezone()
    assert say.exact(elsewhere) == "24 August 2026, 14:05 UTC"
    assert (say.day(elsewhere), say.clock(elsewhere)) == ("24 August 2026", "14:05:09")
    assert say.ago(NOW - timedelta(seconds=20)) == "just now"
    assert say.ago(NOW + timedelta(hours=5)) == "in 5 h"
    assert (say.took(84.2), say.took(10_004)) == ("84 ms", "10.0 s")


async def test_the_page_says_who_works_and_what_waits() -> None:
    """Workers with what they do at once, what is due, and a worker that went without a word."""
    async with browsing() as browser:
        page = " ".join((await browser.get("/operations")).text.split())
    assert "doing up to 16 things at once" in page
    assert "for later" in page.casefold()
    assert "1,208" in page
    assert "mail.send, ats.write. 402 done and 0 tried in vain" in page
    assert "Gone: it was last seen" in page


async def test_a_connection_that_is_down_says_since_when_and_when_it_is_tried_again() -> None:
    """In plain words, and apart from one that waits for a person."""
    async with browsing() as browser:
        page = " ".join((await browser.get("/operations")).text.split())
        northlight, southwind = page.index("47 times in a row, for"), page.index("the API key is not valid any more")
        assert "The next try is at" in page[northlight:southwind]
        assert "Try now" in page[northlight:southwind]
        assert "then let it go on" in page[southwind:]
        answer = await browser.post("/operations/connections/northlight/resume")
        assert browser.services.operating.acts[0][:2] == ("resume", "northlight")
        assert "The connection goes on." in (await browser.get(answer.headers["location"])).text
