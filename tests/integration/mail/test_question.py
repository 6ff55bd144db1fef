"""Asking a mail server how it is, over real SMTP on loopback: every answer has its name, and nothing is sent."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiosmtplib import SMTP

from orchestrator.domain.doctor_facts import ServiceState
from orchestrator.mail.catcher import running_catcher
from orchestrator.mail.question import ask_server
from orchestrator.mail.smtp import Security, SmtpMailer
from tests.fixtures.house import free_port

HOST = "127.0.0.1"
SENDER = "jobs@acme.example"


@asynccontextmanager
async def talking(answers: Mapping[str, str]) -> AsyncIterator[tuple[int, list[str]]]:
    """A server that answers each verb as told, everything else with 250; its port, and what it heard."""
    heard: list[str] = []
    talks: list[asyncio.Task[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while line := (await reader.readline()).decode().strip():
            heard.append(line)
            verb = line.partition(" ")[0].upper()
            writer.write(answers.get(verb, "250 fine").encode() + b"\r\n")
            if verb == "QUIT":
                break
        writer.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.get_running_loop().create_task(talk(reader, writer)))

    async with await asyncio.start_server(begin, HOST, 0) as server:
        yield server.sockets[0].getsockname()[1], heard
        await asyncio.gather(*talks)


def mailer(port: int, *, security: Security = Security.NONE) -> SmtpMailer:
    return SmtpMailer(
        HOST,
        port,
        sender_name="Acme",
        sender_address=SENDER,
        security=security,
        timeout=5.0,
    )


async def test_a_server_in_order_is_fine_and_gets_no_mail() -> None:
    """The catcher takes the sender and hears nothing more."""
    async with running_catcher() as catcher:
        assert await mailer(catcher.smtp_port).question() is ServiceState.FINE
        assert catcher.store.deliveries == ()


async def test_nobody_there() -> None:
    """A closed port."""
    assert await mailer(free_port()).question() is ServiceState.UNREACHABLE


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_no_protection_to_be_had(security: Security) -> None:
    """A server without TLS, asked for either kind of it."""
    async with running_catcher() as catcher:
        assert await mailer(catcher.smtp_port, security=security).question() is ServiceState.NOT_PROTECTED


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"MAIL": "550 5.7.1 not you"}, ServiceState.SENDER_REFUSED),
        ({"MAIL": "451 4.7.1 not now"}, ServiceState.FINE),
        ({"EHLO": "550 go", "HELO": "550 go"}, ServiceState.UNREACHABLE),
    ],
)
async def test_what_it_says_of_the_sender(answers: Mapping[str, str], state: ServiceState) -> None:
    """Refused for good is a fault; not now is none, because mail is tried again. It goes no further than the sender."""
    async with talking(answers) as (port, heard):
        assert await mailer(port).question() is state
    assert not [line for line in heard if line.startswith(("RCPT", "DATA"))]


async def test_a_server_that_hangs_up_is_unreachable() -> None:
    """It greets and goes away in the middle."""

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.close()

    async with await asyncio.start_server(rude, HOST, 0) as server:
        assert await mailer(server.sockets[0].getsockname()[1]).question() is ServiceState.UNREACHABLE


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 no"}, ServiceState.KEY_REFUSED),
        ({"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "235 2.7.0 yes"}, ServiceState.FINE),
        ({}, ServiceState.KEY_REFUSED),
    ],
    ids=["refused", "accepted", "not offered"],
)
async def test_what_it_says_of_user_and_password(answers: Mapping[str, str], state: ServiceState) -> None:
    """Refused, or not offered at all: the sign-in is what fails. Asked without TLS here, which the mailer never does."""
    async with talking(answers) as (port, _):
        client = SMTP(hostname=HOST, port=port, local_hostname="acme.example", start_tls=False, timeout=5.0)
        found = await ask_server(client, starttls=False, username="ann", password="a password", sender=SENDER)
    assert found is state
