"""The mail about a case that waits too long: whole, with one link, and without a name of the candidate's."""

import re
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from selectolax.lexbor import LexborHTMLParser

from orchestrator.mail.review_mail import OverdueContext, render_overdue
from tests.unit.mail.test_render import BANNED, said, said_in_html

LINK = "https://interviews.example/review/0198"
ONE = OverdueContext(
    employer="Acme & Söhne",
    program="First interview, support",
    job_title="Customer Support Specialist",
    link=LINK,
    opened_at=datetime(2026, 11, 28, 9, tzinfo=UTC),
    due_at=datetime(2026, 11, 29, 9, tzinfo=UTC),
    first_name="Ada Okafor",
)


@pytest.mark.parametrize(
    ("context", "others"),
    [
        (ONE, ""),
        (replace(ONE, others=1, first_name=""), "1 more case is overdue as well"),
        (replace(ONE, others=4), "4 more cases are overdue as well"),
    ],
)
def test_the_mail_is_whole(context: OverdueContext, others: str) -> None:
    """Subject, text and HTML say the same, lead to the case, and say who else waits, where somebody does."""
    mail = render_overdue(context)
    assert mail.subject == "A candidate waits longer than planned: Customer Support Specialist"
    for part in (mail.subject, said(mail), said_in_html(mail)):
        assert not re.search(r"[{}]|\bNone\b|\bundefined\b| ,| \.|  ", part), part
        assert not [word for word in BANNED if word in part.lower()]
    for part in (said(mail), said_in_html(mail)):
        assert "by Sunday 29 November 2026, 09:00 UTC" in part
        assert "Acme & Söhne" in part
        assert "You get this once for each case" in part
        assert others in part
        assert ("overdue as well" in part) is bool(others)
    assert LINK in mail.text.splitlines()
    html = LexborHTMLParser(mail.html)
    assert not html.css("img, script, iframe, link, object, video, audio, form, table")
    assert {a.attributes["href"] for a in html.css("a")} == {LINK}
    assert len(html.css("a.button")) == 1
