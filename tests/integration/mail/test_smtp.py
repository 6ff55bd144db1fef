"""Mail over real SMTP on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from orchestrator.errors import MailFailed, SettingsInvalid
from orchestrator.mail.catcher import RunningCatcher, running_catcher
from orchestrator.mail.catching.store import Faults
from orchestrator.mail.hand_over import as_transmitted
from orchestrator.mail.smtp import Security, SmtpMailer
from orchestrator.ports import Mail, Mailer
from orchestrator.work.outcome import LeaseLost

HOST = "127.0.0.1"
MAIL = Mail(
    message_id="invite-1@evenhand.example",
    to="ana@example.org",
    to_name="Ana",
    subject="Your first interview",
    text="Hello Ana\n.\nhttps://example.org/i/abc\n",
    html="<!doctype html><html><head></head><body><p>Hello Ana</p></body></html>",
    headers={"List-Unsubscribe": "<https://example.org/u/1>"},
)


@pytest.fixture
async def catcher() -> AsyncIterator[RunningCatcher]:
    async with running_catcher() as running:
        yield running


def mailer_at(port: int, **changes: Any) -> SmtpMailer:
    settings: dict[str, Any] = {
        "sender_name": "Acme",
        "sender_address": "jobs@acme.example",
        "security": Security.NONE,
        "timeout": 5.0,
    }
    return SmtpMailer(HOST, port, **(settings | changes))


@asynccontextmanager
async def scripted_server(*replies: bytes) -> AsyncIterator[int]:
    """A server that answers each line with the next reply, whatever the line says, then hangs up."""

    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in replies:
            writer.write(reply + b"\r\n")
            if not await reader.readline():
                break
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(talk(reader, writer)))

    async with await asyncio.start_server(begin, HOST, 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*talks)


async def refusal(mailer: Mailer, mail: Mail = MAIL) -> MailFailed:
    with pytest.raises(MailFailed) as caught:
        await mailer.send(mail)
    failure = caught.value
    assert failure.__cause__ is None
    assert failure.__context__ is None
    for secret in ("ana", "example.org", "Hello", "/i/abc"):
        assert secret not in str(failure).lower()
    return failure


async def test_mail_arrives_whole(catcher: RunningCatcher) -> None:
    """Envelope, headers, text and HTML are what was given."""
    await mailer_at(catcher.smtp_port).send(MAIL)
    (caught,) = catcher.store.deliveries
    assert (caught.to, caught.sender, caught.subject) == ("ana@example.org", "jobs@acme.example", MAIL.subject)
    assert caught.message_id == MAIL.message_id
    assert (caught.text, caught.html.strip()) == (MAIL.text, MAIL.html)
    assert caught.headers["Auto-Submitted"] == "auto-generated"
    assert caught.headers["List-Unsubscribe"] == "<https://example.org/u/1>"
    assert caught.headers["From"] == "Acme <jobs@acme.example>"


async def test_two_sends_are_two_deliveries(catcher: RunningCatcher) -> None:
    """SMTP does not de-duplicate, and neither does the catcher."""
    mailer = mailer_at(catcher.smtp_port)
    await asyncio.gather(mailer.send(MAIL), mailer.send(MAIL))
    assert len(catcher.store.deliveries) == 2


async def test_temporary_refusal_is_worth_another_try(catcher: RunningCatcher) -> None:
    """451 means later; later works."""
    catcher.store.faults = Faults(temporary=1)
    mailer = mailer_at(catcher.smtp_port)
    failure = await refusal(mailer)
    assert failure.retryable is True
    assert str(failure) == "the mail server did not take the message: 451 4.3.0"
    assert catcher.store.deliveries == ()
    await mailer.send(MAIL)
    assert len(catcher.store.deliveries) == 1


async def test_unknown_recipient_is_not_tried_again(catcher: RunningCatcher) -> None:
    """550 for the recipient is final; the reply repeats the address, our error does not."""
    catcher.store.faults = Faults(permanent=1)
    failure = await refusal(mailer_at(catcher.smtp_port))
    assert failure.retryable is False
    assert str(failure) == "the mail server did not take the recipient: 550 5.1.1"


async def test_lost_reply_is_found_by_looking_before_sending_again(catcher: RunningCatcher) -> None:
    """The server took the mail and the line broke before its 250: the look-up knows."""

    async def lookup(message_id: str) -> bool:
        return catcher.store.by_message_id(message_id) is not None

    catcher.store.faults = Faults(drop=1)
    mailer = mailer_at(catcher.smtp_port, lookup=lookup)
    assert await mailer.accepted(MAIL.message_id) is False
    assert (await refusal(mailer)).retryable is True
    assert await mailer.accepted(MAIL.message_id) is True
    assert await mailer.accepted(f"<{MAIL.message_id}>") is True
    assert len(catcher.store.deliveries) == 1


async def test_the_last_question_comes_when_only_the_content_is_missing(catcher: RunningCatcher) -> None:
    """By then the server waits for the content; what the answer raises goes through, and the server keeps nothing."""

    async def no_longer() -> None:
        raise LeaseLost("taken over")

    with pytest.raises(LeaseLost):
        await mailer_at(catcher.smtp_port).send(MAIL, confirm=no_longer)
    assert catcher.store.deliveries == ()

    asked: list[int] = []

    async def still_ours() -> None:
        asked.append(len(catcher.store.deliveries))

    await mailer_at(catcher.smtp_port).send(MAIL, confirm=still_ours)
    assert (asked, len(catcher.store.deliveries)) == ([0], 1)


async def test_nothing_is_asked_of_who_was_refused_before() -> None:
    """A server that does not take the recipient, or no content, is not worth the question."""
    for replies in ((b"220 hi", b"250 ok", b"250 ok", b"550 no"), (b"220 hi", b"250 ok", b"250 ok", b"250 ok", b"452")):
        asked: list[bool] = []

        async def ask(asked: list[bool] = asked) -> None:
            asked.append(True)

        async with scripted_server(*replies) as port:
            with pytest.raises(MailFailed):
                await mailer_at(port).send(MAIL, confirm=ask)
        assert asked == []


@pytest.mark.parametrize(
    ("content", "transmitted"),
    [
        (b"", b"\r\n.\r\n"),
        (b"one", b"one\r\n.\r\n"),
        (b"one\ntwo\rthree\r\n", b"one\r\ntwo\r\nthree\r\n.\r\n"),
        (b".\n..two\nthree.\n", b"..\r\n...two\r\nthree.\r\n.\r\n"),
    ],
)
def test_the_content_as_transmitted(content: bytes, transmitted: bytes) -> None:
    """CRLF everywhere, a leading period doubled, the end marked (RFC 5321 §4.5.2)."""
    assert as_transmitted(content) == transmitted


async def test_without_a_lookup_nothing_is_known(catcher: RunningCatcher) -> None:
    """Most mail servers cannot be asked: the answer is then no."""
    mailer = mailer_at(catcher.smtp_port)
    await mailer.send(MAIL)
    assert await mailer.accepted(MAIL.message_id) is False
    with pytest.raises(MailFailed):
        await mailer.accepted("../../other")


async def test_nobody_listening_is_worth_another_try() -> None:
    """A server that is down comes back."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    assert (await refusal(mailer_at(port))).retryable is True


@pytest.mark.parametrize(
    ("replies", "retryable"),
    [
        ((b"554 no service for you ana@example.org",), True),
        ((b"220 hi", b"550 what is that", b"550 no"), True),
        ((b"220 hi", b"250 ok", b"553 5.7.1 sender ana@example.org refused"), False),
        ((b"220 hi", b"250 ok", b"452 too much"), True),
        ((b"220 hi", b"250 ok", b"250 ok", b"421 4.4.2 closing"), True),
        ((b"220 hi", b"250 ok", b"250 ok"), True),
        ((b"220 hi", b"garbage"), True),
        ((b"220 hi", b"250 ok", b"250 ok", b"250 ok", b"554 5.6.0 no"), False),
    ],
)
async def test_each_refusal_says_whether_to_try_again(replies: tuple[bytes, ...], *, retryable: bool) -> None:
    """Before the envelope everything is the server's trouble; from there on 5xx is final and the rest is not."""
    async with scripted_server(*replies) as port:
        assert (await refusal(mailer_at(port))).retryable is retryable


async def test_silent_server_times_out() -> None:
    """A server that never speaks does not hold the work for ever."""
    with socket.create_server((HOST, 0)) as silent:
        failure = await refusal(mailer_at(silent.getsockname()[1], timeout=0.2))
    assert failure.retryable is True


async def test_broken_goodbye_is_not_a_failure() -> None:
    """After the 250 the mail is theirs, whatever happens to the connection; sending again would be a second mail."""

    over = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"220 hi", b"250 ok", b"250 ok", b"250 ok", b"354 go"):
            writer.write(reply + b"\r\n")
            await reader.readline()
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        over.set()

    async with await asyncio.start_server(talk, HOST, 0) as server:
        await mailer_at(server.sockets[0].getsockname()[1]).send(MAIL)
        await over.wait()


async def test_address_outside_ascii_goes_where_the_server_can(catcher: RunningCatcher) -> None:
    """SMTPUTF8 is used where offered; elsewhere the mail cannot be sent, ever."""
    foreign = Mail(message_id="z@e.example", to="zoë@example.org", to_name="", subject="Hi", text="Hi", html="<p>Hi")
    await mailer_at(catcher.smtp_port).send(foreign)
    assert catcher.store.deliveries[0].to == "zoë@example.org"
    async with scripted_server(b"220 hi", b"250 ok", b"250 ok") as port:
        assert (await refusal(mailer_at(port), foreign)).retryable is False


async def test_server_without_starttls_gets_nothing(catcher: RunningCatcher) -> None:
    """Where STARTTLS is asked for, no mail goes out in the clear."""
    assert (await refusal(mailer_at(catcher.smtp_port, security=Security.STARTTLS))).retryable is True
    assert catcher.store.deliveries == ()


def test_credentials_never_travel_in_the_clear() -> None:
    """A user and password without TLS are a mistake in the settings."""
    with pytest.raises(SettingsInvalid):
        mailer_at(25, username="jobs", password="pw")
