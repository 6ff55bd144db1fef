"""The words of the mails."""

import re
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path

import pytest
from msgspec.structs import replace
from selectolax.lexbor import LexborHTMLParser

from orchestrator.mail.render import MailContext, MailName, RenderedMail, counted, day, render, when
from orchestrator.mail.review_mail import CASE_OVERDUE
from orchestrator.mail.team_mail import TeamMailName

LINK = "https://interviews.example/i/3uQyT0vV-abc_DEF"
FULL = MailContext(
    employer="Acme & Söhne",
    job_title="Customer Support Specialist",
    link=LINK,
    first_name="Ana",
    minutes=20,
    question_count=5,
    expires_at=datetime(2026, 11, 29, 14, tzinfo=UTC),
    contact_name="Mira Lind",
    contact_email="mira@acme.example",
    answer_by=datetime(2026, 12, 3, 9, tzinfo=UTC),
    number=1,
)
BARE = MailContext(employer="Acme", job_title="SDR", link=LINK)
BANNED = ("reject", "failed", "ai selected", "objective", "bias-free", "verdict", "unfortunately")


def said(mail: RenderedMail) -> str:
    """The text of a mail on one line, as it is read."""
    return " ".join(mail.text.split())


def said_in_html(mail: RenderedMail) -> str:
    body = LexborHTMLParser(mail.html).body
    assert body is not None
    return " ".join(body.text(separator="").split())


@pytest.mark.parametrize("context", [FULL, BARE, replace(FULL, contact_email=""), replace(FULL, minutes=0)])
@pytest.mark.parametrize("name", list(MailName))
def test_every_mail_is_whole(name: MailName, context: MailContext) -> None:
    """Subject, text and HTML are complete with and without the optional facts, and both hold the link."""
    mail = render(name, context)
    assert 10 < len(mail.subject) <= 100
    assert "\n" not in mail.subject
    for written in (mail.text, mail.html):
        assert LINK in written
        assert context.job_title in written
    for part in (mail.subject, said(mail), said_in_html(mail)):
        assert not re.search(r"[{}]|\bNone\b|\bundefined\b| ,| \.|  ", part), part
        assert not [word for word in BANNED if word in part.lower()]
    assert f'href="{LINK}"' in mail.html
    assert mail.html.startswith("<!doctype html>")


@pytest.mark.parametrize("name", list(MailName))
def test_html_fetches_nothing(name: MailName) -> None:
    """No picture, script, frame or style sheet from anywhere: opening a mail tells nobody."""
    html = LexborHTMLParser(render(name, FULL).html)
    assert not html.css("img, script, iframe, link, object, video, audio, form, table")
    assert "url(" not in (html.html or "")
    assert {a.attributes["href"] for a in html.css("a")} == {LINK, "mailto:mira@acme.example"}
    assert len(html.css("a.button")) == 1


@pytest.mark.parametrize("name", list(MailName))
def test_text_and_html_say_the_same_facts(name: MailName) -> None:
    """Nobody learns less because of the mail program."""
    mail = render(name, FULL)
    for fact in ("Hello Ana", "Acme & Söhne", "Mira Lind", "mira@acme.example", "You get this because you applied for"):
        assert fact in said(mail)
        assert fact in said_in_html(mail)
    assert not re.search(r"\n{3}|^\s|[ \t]\n|\S\s*\n\n$", mail.text)
    assert LINK in mail.text.splitlines()


def test_invitation_tells_what_a_candidate_must_know() -> None:
    """Length, questions, pausing, who decides, consent, other ways, and until when."""
    mail = render(MailName.INVITATION, FULL)
    for words in (
        "About 20 minutes for 5 questions",
        "Pause any time",
        "A person decides.",
        "Nothing starts before you agree",
        "rather talk to a person, or do you need an adjustment",
        "does not count against you",
        "until Sunday 29 November 2026, 14:00 UTC",
    ):
        assert words in said(mail)
        assert words in said_in_html(mail)
    assert mail.subject == "Your first interview for Customer Support Specialist"


def test_reminder_knows_its_number() -> None:
    """The second reminder says that it is not the first."""
    first, second = (said(render("reminder", replace(FULL, number=number))) for number in (1, 2))
    assert "heard from us about this before" not in first
    assert "heard from us about this before" in second
    assert render("reminder", FULL).subject.startswith("Open until Sunday 29 November: ")


def test_completion_says_who_decides_and_by_when() -> None:
    """Thank you, what happens next, and a date."""
    mail = said(render("completion", FULL))
    assert "A person at Acme & Söhne decides" in mail
    assert "You hear from Mira Lind by Thursday 3 December 2026, 09:00 UTC." in mail
    assert "by Thursday" not in said(render("completion", BARE))


def test_request_received_says_that_the_clocks_stand_still() -> None:
    """No reminder, no expiry, no penalty, and who writes by when."""
    mail = said(render("alternative-received", FULL))
    assert "The clocks are stopped: nothing runs out, and we send no reminders." in mail
    assert "Mira Lind writes to you by Thursday 3 December 2026, 09:00 UTC." in mail
    assert "A person at Acme writes to you personally." in said(render("alternative-received", BARE))


def test_continued_says_that_the_old_link_ended() -> None:
    """The new link replaces the earlier ones."""
    assert "earlier ones no longer work" in said(render("continued", FULL))


def test_asking_again_blames_nobody() -> None:
    """Kind, with what was written still there, a hint that helps, and every other way; no word of what was wrong."""
    mail = render(MailName.ASKED_AGAIN, FULL)
    for words in (
        "would like to give you another chance",
        "does not count against you",
        "earlier ones no longer work",
        "What you wrote is still there.",
        "in your own words and in the language of the questions",
        "rather talk to a person, or do you need an adjustment",
        "until Sunday 29 November 2026, 14:00 UTC",
    ):
        assert words in said(mail)
        assert words in said_in_html(mail)
    for blame in ("gibberish", "template", "copied", "too short", "wrong"):
        assert blame not in said(mail).lower()


@pytest.mark.parametrize("name", [MailName.COMPLETION, MailName.ALTERNATIVE_RECEIVED])
def test_mails_that_need_no_link_do_without(name: MailName) -> None:
    """Links are kept as hashes only, so a later mail may have none to show."""
    mail = render(name, replace(FULL, link=""))
    assert "http" not in mail.text
    assert 'href=""' not in mail.html
    assert not LexborHTMLParser(mail.html).css("a.button")


@pytest.mark.parametrize("name", [MailName.INVITATION, MailName.REMINDER, MailName.CONTINUED, MailName.ASKED_AGAIN])
def test_mails_that_open_something_need_a_link(name: MailName) -> None:
    """An invitation without its link is a mistake of ours, not a mail."""
    with pytest.raises(ValueError, match="needs a link"):
        render(name, replace(FULL, link=""))


def test_markup_in_a_title_stays_text() -> None:
    """Job titles and names come from elsewhere: they are escaped, and line breaks in them collapse."""
    odd = replace(FULL, job_title="<b>Ops</b>\r\nBcc: x", first_name="{{ 7 * 7 }}<script>")
    mail = render("invitation", odd)
    assert "<b>Ops" not in mail.html
    assert "<script>" not in mail.html
    assert "&lt;b&gt;Ops" in mail.html
    assert "{{ 7 * 7 }}" in mail.text
    assert mail.subject == "Your first interview for <b>Ops</b> Bcc: x"


def test_long_title_is_cut_in_the_subject_only() -> None:
    """A phone shows the start of a subject; the mail itself has the whole title."""
    title = "Senior Customer Support Specialist for Enterprise Accounts in the Nordics"
    mail = render("invitation", replace(FULL, job_title=title))
    assert mail.subject.endswith("…")
    assert title in said(mail)


def test_unknown_mail_is_refused() -> None:
    """A misspelt name is an error, not an empty mail."""
    with pytest.raises(ValueError, match="goodbye"):
        render("goodbye", FULL)


def test_times_are_written_for_people_in_utc() -> None:
    """Another zone is converted; a time without a zone is refused rather than guessed."""
    early = datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert when(early) == "Saturday 28 February 2026, 22:30 UTC"
    assert day(early) == "Saturday 28 February"
    with pytest.raises(ValueError, match="needs a zone"):
        when(datetime(2026, 3, 1))  # noqa: DTZ001  # the point of the test
    assert (counted(1, "question"), counted(2, "question")) == ("1 question", "2 questions")


def test_every_folder_is_a_mail_with_three_files() -> None:
    """Templates and names cannot drift apart."""
    templates = Path(str(files("orchestrator.mail") / "templates"))
    found = {folder.name: {file.name for file in folder.iterdir()} for folder in templates.iterdir() if folder.is_dir()}
    known = {*MailName, *TeamMailName, CASE_OVERDUE}
    assert found == {str(name): {"subject.txt", "body.txt", "body.html"} for name in known}
