"""The words that filters make, and the strictness of templates."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from jinja2 import UndefinedError

from orchestrator.web.assets import packaged_assets
from orchestrator.web.templating import day, environment, moment, plural, span, when

_AT = datetime(2026, 8, 5, 0, 30, tzinfo=timezone(timedelta(hours=1)))


def test_times_are_written_in_utc_for_everybody() -> None:
    """Without scripts the page says which clock it means; with them the reader's own is used."""
    assert day(_AT) == "Tuesday 4 August 2026"
    assert moment(_AT) == "4 Aug 2026, 23:30 UTC"
    assert when(_AT, "moment") == (
        '<time datetime="2026-08-04T23:30:00+00:00" data-when="moment">4 Aug 2026, 23:30 UTC</time>'
    )
    assert when(datetime(2026, 1, 1, tzinfo=UTC)).endswith(">Thursday 1 January 2026</time>")


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=20), "0 minutes"),
        (timedelta(minutes=-5), "0 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=90), "2 hours"),
        (timedelta(hours=23), "23 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=3, hours=2), "3 days"),
    ],
)
def test_spans_are_said_as_people_say_them(length: timedelta, words: str) -> None:
    """One unit, rounded."""
    assert span(length) == words


def test_numbers_agree_with_their_nouns() -> None:
    """1 question, 2 questions, 0 questions."""
    assert [plural(count, "question") for count in (0, 1, 2)] == ["0 questions", "1 question", "2 questions"]


def test_templates_are_strict_and_escaped() -> None:
    """A forgotten name is an error and no gap; what people write is text; an unknown file is an error."""
    jinja = environment(packaged_assets().url)
    assert jinja.from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        jinja.from_string("{{ forgotten }}").render()
    with pytest.raises(KeyError):
        jinja.from_string("{{ static('no-such-file.css') }}").render()
