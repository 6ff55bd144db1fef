"""The mailer that keeps."""

import pytest

from orchestrator.errors import MailFailed
from orchestrator.mail.memory import MemoryMailer
from orchestrator.ports import Mail, Mailer

MAIL = Mail(message_id="a@b.example", to="ana@example.org", to_name="", subject="Hello", text="Hello", html="<p>Hello")


async def test_keeps_every_copy_and_knows_what_it_has() -> None:
    """Two sends are two mails; the look-up works with and without brackets."""
    mailer: Mailer = (kept := MemoryMailer())
    assert await mailer.accepted("a@b.example") is False
    await mailer.send(MAIL)
    await mailer.send(MAIL)
    assert kept.sent == [MAIL, MAIL]
    assert await mailer.accepted("<a@b.example>") is True
    assert await mailer.accepted("c@b.example") is False


async def test_is_as_strict_as_smtp() -> None:
    """A mail that could not be sent cannot be kept either."""
    mailer = MemoryMailer()
    with pytest.raises(MailFailed):
        await mailer.send(Mail(message_id="a@b", to="nobody", to_name="", subject="", text="", html=""))
    assert mailer.sent == []
