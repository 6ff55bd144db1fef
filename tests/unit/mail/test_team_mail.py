"""The words of the mails to administrators: kind, whole, and with the exact mend."""

import re
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from selectolax.lexbor import LexborHTMLParser

from orchestrator.mail.team_mail import CredentialContext, CredentialPlace, TeamMailName, render_team_mail
from tests.unit.mail.test_render import BANNED, said, said_in_html

LINK = "https://interviews.example/operations/connections/north"
ONE = CredentialContext(
    employer="Acme & Söhne",
    vendor="Greenhouse",
    connection="north",
    link=LINK,
    at=datetime(2026, 11, 29, 14, tzinfo=UTC),
    first_name="Ada Okafor",
    name="client_secret",
    places=(CredentialPlace(name="client_secret"),),
    days=6,
    reason="the vendor does not take the refresh token any more",
)
ALL = replace(
    ONE, name="", places=(CredentialPlace(name="client_id", variable="NORTH_ID"), CredentialPlace(name="client_secret"))
)
CONSENT = replace(ALL, by_consent=True)
LAST_DAY, ENDED = replace(ONE, days=0), replace(ALL, days=0, ended=True)
EVERY = (ONE, ALL, CONSENT, LAST_DAY, ENDED)


@pytest.mark.parametrize("context", EVERY)
@pytest.mark.parametrize("name", list(TeamMailName))
def test_every_mail_is_whole(name: TeamMailName, context: CredentialContext) -> None:
    """Subject, text and HTML say the same, lead to the connection, and leave nothing open."""
    mail = render_team_mail(name, context)
    assert 10 < len(mail.subject) <= 100
    assert "\n" not in mail.subject
    for part in (mail.subject, said(mail), said_in_html(mail)):
        assert not re.search(r"[{}]|\bNone\b|\bundefined\b| ,| \.|  ", part), part
        assert not [word for word in BANNED if word in part.lower()]
    for fact in ("Hello Ada Okafor", "Acme & Söhne", "Greenhouse", "north", "You get this because you look after"):
        assert fact in said(mail)
        assert fact in said_in_html(mail)
    assert LINK in mail.text.split()
    assert "applied for" not in mail.text + mail.html
    html = LexborHTMLParser(mail.html)
    assert not html.css("img, script, iframe, link, object, video, audio, form, table")
    assert {a.attributes["href"] for a in html.css("a")} == {LINK}
    assert len(html.css("a.button")) == 1


@pytest.mark.parametrize("name", list(TeamMailName))
def test_the_steps_are_numbered_and_exact(name: TeamMailName) -> None:
    """A stored credential by its command, one of the environment by its variable, in the order in which they are done."""
    mail = render_team_mail(name, ALL)
    steps = re.findall(r"^(\d)\. (.+)$", mail.text, flags=re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, 6))
    for words in (
        "Put client_id into the environment variable NORTH_ID of every process",
        "evenhand credentials set north client_secret",
        "evenhand connection resume north",
        "evenhand doctor --connection north",
    ):
        assert words in said(mail)
        assert words in said_in_html(mail)
    assert len(LexborHTMLParser(mail.html).css("ol > li")) == 5


@pytest.mark.parametrize("name", list(TeamMailName))
def test_consent_is_mended_by_consent(name: TeamMailName) -> None:
    """Nobody is sent to make a key where an administrator has to connect again."""
    mail = render_team_mail(name, CONSENT)
    assert "press Connect" in said(mail)
    assert "press Connect" in said_in_html(mail)
    assert "evenhand credentials set" not in mail.text + mail.html


@pytest.mark.parametrize(
    ("context", "subject"),
    [
        (ONE, "Greenhouse: the credential client_secret ends in 6 days"),
        (replace(ONE, days=1), "Greenhouse: the credential client_secret ends in 1 day"),
        (LAST_DAY, "Greenhouse: the credential client_secret ends in less than a day"),
        (ALL, "Greenhouse: the credentials end in 6 days"),
        (ENDED, "Greenhouse: the credentials of north have ended"),
        (replace(ENDED, name="api_key"), "Greenhouse: the credential api_key of north has ended"),
    ],
)
def test_the_subject_says_what_and_when(context: CredentialContext, subject: str) -> None:
    """Whoever reads no further knows how much it presses."""
    assert render_team_mail(TeamMailName.CREDENTIAL_ENDS, context).subject == subject


def test_a_refusal_says_why() -> None:
    """In the words that the operations page has; markup in them stays text."""
    mail = render_team_mail(TeamMailName.CREDENTIAL_REFUSED, replace(CONSENT, reason="<b>no</b>\nrefresh"))
    assert "<b>no</b> refresh" in said(mail)
    assert "&lt;b&gt;no&lt;/b&gt; refresh" in mail.html
    assert mail.subject == "Greenhouse does not let Evenhand in (north)"
