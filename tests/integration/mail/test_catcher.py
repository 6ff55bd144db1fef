"""The mail catcher over real SMTP and HTTP, in this process and in one of its own."""

import asyncio
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from orchestrator.mail.catcher import RunningCatcher, main, run_catcher, running_catcher
from orchestrator.mail.smtp import Security, SmtpMailer
from orchestrator.ports import Mail

HTML = '<!doctype html><html><head></head><body><a href="https://example.org/i/abc">Go</a></body></html>'


@pytest.fixture
async def catcher() -> AsyncIterator[RunningCatcher]:
    async with running_catcher() as running:
        yield running


@pytest.fixture
async def browser(catcher: RunningCatcher) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=catcher.url, trust_env=False) as client:
        yield client


async def deliver(
    port: int,
    number: int,
    *,
    to: str = "ana@example.org",
    text: str = "See https://example.org/i/abc now\n",
    html: str = HTML,
) -> None:
    mailer = SmtpMailer("127.0.0.1", port, sender_name="", sender_address="j@acme.example", security=Security.NONE)
    message_id, subject = f"m{number}@e.example", f"Mail <{number}>"
    await mailer.send(Mail(message_id=message_id, to=to, to_name="", subject=subject, text=text, html=html))


async def test_api_lists_finds_and_forgets(catcher: RunningCatcher, browser: httpx.AsyncClient) -> None:
    """The list has every delivery in order; the look-up is 200 or 404; DELETE empties it."""
    assert (await browser.get("/api/messages")).json() == []
    for number in (1, 2, 2):
        await deliver(catcher.smtp_port, number)
    listed = (await browser.get("/api/messages")).json()
    assert [(one["id"], one["message_id"]) for one in listed] == [
        (1, "m1@e.example"),
        (2, "m2@e.example"),
        (3, "m2@e.example"),
    ]
    assert (listed[0]["to"], listed[0]["subject"], listed[0]["html"].strip()) == ("ana@example.org", "Mail <1>", HTML)
    assert listed[0]["received_at"].endswith("Z")
    assert (await browser.get("/api/messages/by-id/m2@e.example")).json()["id"] == 2
    assert (await browser.get("/api/messages/by-id/%3Cm2%40e.example%3E")).status_code == 200
    assert (await browser.get("/api/messages/by-id/m9@e.example")).status_code == 404
    assert (await browser.delete("/api/messages")).status_code == 204
    assert (await browser.get("/api/messages")).json() == []


async def test_faults_can_be_switched_from_another_process(catcher: RunningCatcher, browser: httpx.AsyncClient) -> None:
    """PUT replaces all switches; they count down; nonsense is refused."""
    assert (await browser.put("/api/faults", json={"drop": 1})).json() == {"temporary": 0, "permanent": 0, "drop": 1}
    assert catcher.store.faults.take_drop() is True
    assert (await browser.get("/api/faults")).json()["drop"] == 0
    assert (await browser.put("/api/faults", json={"drop": "often"})).status_code == 400


async def test_pages_show_mail_newest_first_and_escape_it(catcher: RunningCatcher, browser: httpx.AsyncClient) -> None:
    """The list, one mail, its text with a link that works, and its source."""
    assert "No mail yet." in (await browser.get("/")).text
    for number in (1, 2):
        await deliver(catcher.smtp_port, number)
    page = (await browser.get("/")).text
    assert page.index("Mail &lt;2&gt;") < page.index("Mail &lt;1&gt;")
    one = (await browser.get("/messages/1")).text
    assert "Mail &lt;1&gt;" in one
    assert 'href="https://example.org/i/abc"' in one
    assert 'src="/messages/1/html" sandbox="allow-popups allow-popups-to-escape-sandbox"' in one
    assert "Message-ID: <m1@e.example>" in (await browser.get("/messages/1/source")).text
    for missing in ("/messages/9", "/messages/9/html", "/messages/9/source"):
        assert (await browser.get(missing)).status_code == 404


async def test_search_finds_by_part_of_an_address(catcher: RunningCatcher, browser: httpx.AsyncClient) -> None:
    """The address travels in the form, never in the URL."""
    await deliver(catcher.smtp_port, 1, to="ana@example.org")
    await deliver(catcher.smtp_port, 2, to="bob@example.org")
    found = await browser.post("/search", data={"recipient": " ANA@ "})
    assert "Mail &lt;1&gt;" in found.text
    assert "Mail &lt;2&gt;" not in found.text
    assert "No mail to that address yet." in (await browser.post("/search", data={"recipient": "eve"})).text


async def test_mail_cannot_act_inside_the_page(catcher: RunningCatcher, browser: httpx.AsyncClient) -> None:
    """Pages run no script and no inline style; a mail is sandboxed by header as well as by frame."""
    await deliver(
        catcher.smtp_port, 1, html=HTML.replace("Go", "<script>alert(1)</script>"), text="<script>alert(2)</script>"
    )
    for path in ("/", "/messages/1"):
        reply = await browser.get(path)
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", reply.text)
        assert reply.headers["x-content-type-options"] == "nosniff"
    framed = await browser.get("/messages/1/html")
    policy = framed.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert '<base target="_blank">' in framed.text
    style = await browser.get("/style.css")
    assert style.headers["content-type"].startswith("text/css")


async def test_no_address_is_logged(catcher: RunningCatcher, caplog: pytest.LogCaptureFixture) -> None:
    """Neither side writes an address or content into a log, at any level."""
    caplog.set_level(logging.DEBUG)
    await deliver(catcher.smtp_port, 1)
    catcher.store.faults.permanent = 1
    async with httpx.AsyncClient(base_url=catcher.url, trust_env=False) as client:
        await client.post("/search", data={"recipient": "ana@example.org"})
    assert "ana@" not in caplog.text
    assert "/i/abc" not in caplog.text


async def test_leaving_ends_open_conversations_and_frees_the_ports() -> None:
    """A client in the middle of a conversation does not keep the catcher alive."""
    async with running_catcher() as catcher:
        reader, writer = await asyncio.open_connection("127.0.0.1", catcher.smtp_port)
        assert (await reader.readline()).startswith(b"220 ")
    assert await reader.read() == b""
    writer.close()
    for port in (catcher.smtp_port, catcher.http_port):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_process_says_when_it_is_ready_and_ends_on_a_signal(number: signal.Signals) -> None:
    """One line with both addresses, then it serves; a signal ends it cleanly."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "orchestrator.mail.catcher", "--smtp-port", "0", "--http-port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    found = re.fullmatch(r"mail catcher: SMTP on 127\.0\.0\.1:(\d+), pages at (http://127\.0\.0\.1:\d+)\n", line)
    assert found is not None
    await deliver(int(found.group(1)), 1)
    async with httpx.AsyncClient(base_url=found.group(2), trust_env=False) as client:
        assert len((await client.get("/api/messages")).json()) == 1
    os.kill(process.pid, number)
    rest, complaints = await process.communicate()
    assert (process.returncode, rest, complaints) == (0, b"", b"")


async def test_cancelling_ends_it() -> None:
    """Inside another program it ends with its task and gives the signals back."""
    before = signal.getsignal(signal.SIGTERM)
    ready = asyncio.Event()
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        ready.set()

    task = asyncio.create_task(run_catcher(0, 0, say=say))
    await ready.wait()
    port = int(lines[0].rpartition(":")[2])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(lines) == 1
    assert signal.getsignal(signal.SIGTERM) == before
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


def test_taken_port_is_said_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    """It cannot start twice on one port, and says so in one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status = main(["--smtp-port", str(taken.getsockname()[1]), "--http-port", "0"])
    assert status == 2
    assert capsys.readouterr().err.startswith("the mail catcher cannot start: ")
