"""The letter: what goes over the wire, and what can never get into it."""

from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import MailFailed
from orchestrator.mail.letter import Letter, bare_message_id, compose
from orchestrator.ports import Mail

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def mail(**changes: Any) -> Mail:
    facts: dict[str, Any] = {
        "message_id": "invite-1@evenhand.example",
        "to": "ana@example.org",
        "to_name": "Ana Ruiz",
        "subject": "Your first interview",
        "text": "Hello\nhttps://example.org/i/abc\n",
        "html": "<!doctype html><p>Hello</p>",
    }
    return Mail(**(facts | changes))


def letter(**changes: Any) -> Letter:
    return compose(mail(**changes), sender_name="Acme Hiring", sender_address="jobs@acme.example", now=NOW)


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def test_headers_say_who_when_and_that_a_machine_wrote_it() -> None:
    """From, To, Date, Message-ID and Auto-Submitted are all there, once each."""
    message = read(letter().content)
    assert message["From"] == "Acme Hiring <jobs@acme.example>"
    assert message["To"] == "Ana Ruiz <ana@example.org>"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<invite-1@evenhand.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    assert len(message.keys()) == len({name.lower() for name in message}) == 8


def test_text_comes_first_and_html_is_its_alternative() -> None:
    """A reader that shows no HTML gets the same mail as text; both survive the transport unchanged."""
    message = read(letter(text="Grüße, Zoë: " + "long " * 60, html="<p>Grüße</p>").content)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in message.iter_parts())
    assert text.strip() == ("Grüße, Zoë: " + "long " * 60).strip()
    assert html.strip() == "<p>Grüße</p>"


def test_wire_is_plain_ascii_in_lines_that_every_server_takes() -> None:
    """Names outside ASCII are encoded; no line is over 998 octets; lines end in CRLF."""
    subject = "Grüße · " + " ".join(["lang"] * 30)
    content = letter(to_name="Zoë Ångström", subject=subject, html="x" * 5000).content
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert content.count(b"\n") == content.count(b"\r\n")
    assert read(content)["Subject"] == subject
    assert read(content)["To"].addresses[0].display_name == "Zoë Ångström"


def test_same_mail_is_the_same_bytes_but_for_the_boundary() -> None:
    """Another attempt carries the same Message-ID, so that the server can be asked for it."""
    first, second = (read(letter().content) for _ in range(2))
    assert first.items()[:6] == second.items()[:6]


def test_long_unsubscribe_link_stays_on_one_line() -> None:
    """A folded or encoded URL could not be used by any mail program."""
    url = f"<https://example.org/u/{'a' * 300}>"
    content = letter(headers={"List-Unsubscribe": url, "Reply-To": "mira@acme.example"}).content
    assert f"List-Unsubscribe: {url}\r\n".encode() in content
    assert b"Reply-To: mira@acme.example\r\n" in content


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\r\nBcc: all@example.org"},
        {"subject": "Hello\nBcc: all@example.org"},
        {"subject": "Hello\u2028there"},
        {"subject": "x" * 1000},
        {"to": "ana@example.org\r\nBcc: all@example.org"},
        {"to": "ana@example.org, bob@example.org"},
        {"to": "ana@example.org>\nRCPT TO:<bob@example.org"},
        {"to": "nobody"},
        {"to": ""},
        {"to": f"{'a' * 65}@example.org"},
        {"to": "ana@exa..mple.org"},
        {"message_id": "a@b\r\nBcc: c@d"},
        {"message_id": "a/b@c"},
        {"message_id": "no-domain"},
        {"headers": {"Bcc": "all@example.org"}},
        {"headers": {"From": "boss@acme.example"}},
        {"headers": {"Subject": "Other"}},
        {"headers": {"X-Thing\r\nBcc": "all@example.org"}},
        {"headers": {"List-Unsubscribe": "<https://x>\r\nBcc: all@example.org"}},
        {"headers": {"Reply-To": "zoë@example.org"}},
    ],
)
def test_injection_and_nonsense_are_refused_without_repeating_them(changes: dict[str, Any]) -> None:
    """Nothing that does not fit into its header is sent, retried or quoted in an error."""
    with pytest.raises(MailFailed) as caught:
        letter(**changes)
    assert caught.value.retryable is False
    assert "@" not in str(caught.value)
    assert caught.value.__context__ is None


def test_line_breaks_in_a_name_become_blanks() -> None:
    """A name typed into an ATS with a line break still gets its mail, and adds no header."""
    message = read(letter(to_name="Ana\r\nBcc: all@example.org").content)
    assert message["Bcc"] is None
    assert message["To"].addresses[0].display_name == "Ana Bcc: all@example.org"


@given(name=st.text(max_size=80), subject=st.text(max_size=80))
def test_no_name_and_no_subject_can_add_a_header(name: str, subject: str) -> None:
    """Whatever the text, the letter has the same eight headers and one recipient, or is refused."""
    with suppress(MailFailed):  # refusing is as good: what must not happen is a ninth header or a second recipient
        message = read(letter(to_name=name, subject=subject).content)
        assert len(message.keys()) == 8
        assert [address.addr_spec for address in message["To"].addresses] == ["ana@example.org"]


def test_foreign_domain_is_written_in_ascii_and_foreign_local_part_needs_utf8() -> None:
    """Only an address that cannot be put into ASCII asks the server for SMTPUTF8."""
    assert letter(to="ana@münchen.example").recipient == "ana@xn--mnchen-3ya.example"
    assert letter(to="ana@münchen.example").utf8 is False
    made = letter(to="zoë@example.org")
    assert made.utf8 is True
    assert "zoë@example.org".encode() in made.content


def test_message_id_is_bare_for_urls() -> None:
    """With or without brackets it is the same id."""
    assert bare_message_id("<a.b-1@c.example>") == bare_message_id("a.b-1@c.example") == "a.b-1@c.example"
