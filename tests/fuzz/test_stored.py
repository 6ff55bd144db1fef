"""What an older or newer release wrote, and what comes by mail or to the sandbox: read, or refused by its own error."""

import asyncio
import random
import smtplib
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from adapters.sandbox.server.api.paging import read_cursor
from adapters.sandbox.server.app import create_app
from adapters.sandbox.server.errors import Problem
from adapters.sandbox.server.seed import seed_pilot
from adapters.sandbox.server.store import Store
from orchestrator.mail.catcher import running_catcher
from orchestrator.services.kinds import ProcessDelivery, ReadApplication
from orchestrator.work.payload import PayloadUnreadable, Registry
from tests.fixtures.sandbox import ADMIN_KEY, API_KEY, FAST, WEBHOOK_SECRET
from tests.fuzz.chance import TEXT, bodies
from tests.fuzz.mutate import Mutator

KINDS = Registry((ProcessDelivery, ReadApplication))
STORED = msgspec.json.encode(
    {"delivery_id": "01a20166-25b3-7352-8426-905d3f29391e", "connection": "c", "external_id": "e"}
)
MAIL = (
    b"From: =?utf-8?b?w6k=?= <a@b.example>\r\nTo: c@d.example\r\nSubject: =?utf-8?q?H=C3=A9?=\r\nMessage-ID: <1@b>\r\n"
    b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\naGk=\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>hi</p>\r\n--x--\r\n"
)
ODD_MAILS = (
    *(
        b"Message-ID: <",
        b"Message-ID: [",
        b"Subject: =?utf-8?b?w?=",
        b"Subject: =?x-no?q?a?=",
        b"To: ,<>;:@",
        b"From: \xff",
    ),
    *(b"Content-Type: text/plain; charset=x-no\r\n\r\n\xff", b"Content-Type: multipart/mixed", b"Content-Type: /;="),
    *(
        b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin x\r\n\xff",
        b"Date: x",
        b"Content-Type: text/plain; charset*=''%ff\r\n\r\nx",
    ),
    *(
        b"Content-Type: message/rfc822\r\n\r\n" * 50,
        b"Content-Disposition: ;filename*0*=x",
        b"Message-ID:",
        b"To: a@[",
        b"\r\n",
    ),
)
REQUESTS = (
    ("POST", "applications/app_000001/notes", b'{"body":"x","visibility":"team"}'),
    ("PATCH", "applications/app_000001/custom_fields", b'{"interview_score":1,"interview_completion":"x"}'),
    ("POST", "applications/app_000001/move", b'{"stage_id":"stg_000001"}'),
    ("POST", "jobs", b'{"title":"T","stages":[{"name":"A","kind":null}]}'),
    ("POST", "candidates", b'{"first_name":"A","last_name":"B","emails":["a@b.example"]}'),
    ("POST", "applications", b'{"candidate_id":"cand_000001","job_id":"job_000001"}'),
    ("POST", "fields", b'{"key":"k","name":"K","kind":"number","options":[],"max_length":3}'),
)


@given(bodies(STORED).map(lambda body: body.decode("utf-8", "replace")[:400]), st.sampled_from((1, 2, 0, -1)), TEXT)
def test_work_payloads(stored: str, version: int, kind: str) -> None:
    """A payload of its kind, or PayloadUnreadable."""
    for name in (ReadApplication.kind, kind):
        try:
            KINDS.decode(name, version, stored)
        except PayloadUnreadable:
            continue


async def test_mails() -> None:
    """Bent mails are kept or refused with a 5xx, one after the other in one conversation, and the next good one is kept."""
    bent = [Mutator(random.Random(number), (MAIL, *ODD_MAILS)).body() for number in range(80)]
    async with running_catcher() as catcher:
        kept = await asyncio.to_thread(_send_all, catcher.smtp_port, [*ODD_MAILS, *bent, MAIL])
        assert len(catcher.store.deliveries) == kept
        assert catcher.store.deliveries[-1].message_id == "1@b"
        assert msgspec.json.encode(catcher.store.deliveries)


def _send_all(port: int, mails: Sequence[bytes]) -> int:
    """How many of them were taken."""
    kept = 0
    codes: list[int] = []
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        for mail in mails:
            try:
                client.sendmail("a@b.example", ["c@d.example"], mail)
            except smtplib.SMTPDataError as refused:
                codes.append(refused.smtp_code)
            else:
                kept += 1
    assert [code for code in codes if code < 500] == []
    return kept


async def test_smtp_conversations() -> None:
    """Commands that nobody sends end in an answer or a closed connection, and the next mail is taken."""
    lines = (
        b"\xff\xfe\r\n",
        b"EHLO " + b"a" * 5_000 + b"\r\n",
        b"MAIL FROM:<\xff>\r\n",
        b"RCPT TO:\r\n",
        b"DATA\r\n",
        b"AUTH \x00\r\n",
        b"\x00" * 2_000,
    )
    async with running_catcher() as catcher:
        for line in lines:
            reader, writer = await asyncio.open_connection("127.0.0.1", catcher.smtp_port)
            writer.write(b"EHLO x\r\n" + line + b"QUIT\r\n")
            writer.write_eof()
            async with asyncio.timeout(10):
                assert (await reader.read()).startswith(b"220")
            writer.close()
            await writer.wait_closed()
        assert await asyncio.to_thread(_send_all, catcher.smtp_port, [MAIL]) == 1
        assert len(catcher.store.deliveries) == 1


@given(TEXT)
def test_cursors_of_the_sandbox(cursor: str) -> None:
    """A position, or a 400."""
    try:
        read_cursor(cursor)
        status = 400
    except Problem as problem:
        status = problem.status
    assert status == 400


def test_bodies_to_the_sandbox() -> None:
    """Bent requests to the sandbox's API: below 500, always."""
    store = Store(":memory:")
    seed_pilot(store, api_key=API_KEY, admin_key=ADMIN_KEY, webhook_url=None, webhook_secret=WEBHOOK_SECRET)
    app = create_app(store, msgspec.structs.replace(FAST, requests_per_second=1e6, burst=1_000_000))
    headers = {"Authorization": f"Bearer {ADMIN_KEY}", "Content-Type": "application/json"}

    @settings(max_examples=150)
    @given(st.sampled_from(REQUESTS).flatmap(lambda one: st.tuples(st.just(one[0]), st.just(one[1]), bodies(one[2]))))
    def holds(request: tuple[str, str, bytes]) -> None:
        method, path, body = request
        assert client.request(method, f"/api/v1/{path}", content=body, headers=headers).status_code < 500

    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        holds()
    store.close()
