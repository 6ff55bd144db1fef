"""What only the sandbox adapter does: its words, its cursor, its timestamps."""

import hmac
import json
from hashlib import sha256
from typing import Any

import httpx
import pytest

from adapters.contract.errors import PayloadInvalid, PermissionMissing, SignatureInvalid, Unsupported
from adapters.contract.events import ApplicationChanged, Event
from adapters.sandbox.adapter import SandboxAdapter
from adapters.sandbox.webhook import parse, verify
from tests.adapters.case import Canned, status
from tests.adapters.sandbox.world import STAGE_CHANGED
from tests.adapters.suite import NOW, SECRET
from tests.fixtures.sandbox import API_KEY, Sandbox


def answering(document: object) -> SandboxAdapter:
    transport = Canned(lambda _: httpx.Response(200, content=json.dumps(document).encode()))
    return SandboxAdapter("https://ats.example.com", API_KEY, transport=transport)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"disposition": "ghosted"}, "disposition"),
        ({"stage": {"id": "s", "name": "Blacklist", "kind": "blacklisted"}}, "stage kind"),
    ],
)
async def test_undocumented_words(sandbox: Sandbox, change: dict[str, Any], word: str) -> None:
    """A word that the sandbox does not document is a broken payload and never guessed; it is not repeated."""
    document = await sandbox.application("app_000001") | change
    with pytest.raises(PayloadInvalid, match=word) as invalid:
        await answering(document).read_application("app_000001")
    assert "ghosted" not in str(invalid.value)
    assert "blacklisted" not in str(invalid.value)


async def test_disposition_is_read(sandbox: Sandbox) -> None:
    """A disposition that a person made is read."""
    await sandbox.move("app_000001", "Withdrawn")
    adapter = sandbox.adapter()
    found = await adapter.read_application("app_000001")
    await adapter.aclose()
    assert found.disposition == "withdrawn"


async def test_cursor(sandbox: Sandbox) -> None:
    """Small pages add up to a sweep; the next sweep starts a little before its end; foreign cursors are refused."""
    adapter = sandbox.adapter(page_size=3)
    seen: list[str] = []
    cursor: str | None = None
    sizes = []
    while True:
        page = await adapter.list_changed(cursor)
        seen += page.application_ids
        sizes.append(len(page.application_ids))
        cursor = page.cursor
        if not page.more:
            break
    assert sizes == [3, 3, 3, 1]
    assert sorted(seen) == list(sandbox.pilot.application_ids)
    again = await adapter.list_changed(cursor)
    assert set(again.application_ids) <= set(seen)
    for foreign in ("nonsense", '{"after": 3}'):
        with pytest.raises(PayloadInvalid):
            await adapter.list_changed(foreign)
    await adapter.aclose()


async def test_a_repeated_cursor_ends_the_sweep() -> None:
    """A vendor that goes in circles is told, not followed."""
    adapter = answering({"items": [], "next_cursor": "same"})
    page = await adapter.list_changed(None)
    with pytest.raises(PayloadInvalid):
        await adapter.list_changed(page.cursor)


async def test_an_empty_ats_has_a_cursor() -> None:
    """Polling an empty ATS ends, and can go on from there."""
    adapter = answering({"items": [], "next_cursor": None})
    page = await adapter.list_changed((await adapter.list_changed(None)).cursor)
    assert (page.application_ids, page.more) == ((), False)


@pytest.mark.parametrize("timestamp", ["", "soon", "-5", "9" * 12, "9" * 13, "²"])
def test_impossible_times(timestamp: str) -> None:
    """A timestamp that is none is refused, even correctly signed."""
    digest = hmac.new(SECRET.encode(), timestamp.encode() + b"." + STAGE_CHANGED, sha256).hexdigest()
    headers = {"x-sandbox-timestamp": timestamp, "x-sandbox-signature": f"v1={digest}"}
    with pytest.raises(SignatureInvalid):
        verify(headers, STAGE_CHANGED, secrets=[SECRET], now=NOW)


def test_closed_job_touches_its_applications() -> None:
    """A closed job is a hint for each of its applications, under one delivery id."""
    body = b'{"id":"evt_1","type":"job.closed","occurred_at":"2026-03-02T09:00:00Z","application_ids":["a","b"]}'
    events: tuple[Event, ...] = parse({}, body)
    assert [(event.application_id, event.delivery_id) for event in events if isinstance(event, ApplicationChanged)] == [
        ("a", "evt_1"),
        ("b", "evt_1"),
    ]


async def test_error_body_that_is_none() -> None:
    """An error answer that is no problem document still has its class."""
    adapter = SandboxAdapter("https://ats.example.com", API_KEY, transport=status(403, body=b"<html>"))
    with pytest.raises(PermissionMissing) as missing:
        await adapter.list_fields()
    assert missing.value.scope is None


def test_unsupported_names_its_capability() -> None:
    """An unsupported verb says which capability is not there."""
    assert Unsupported("notes").capability == "notes"
