"""What a connection to the sandbox says of itself: scopes, end, clock and webhooks, as the key may see them."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.errors import AuthRejected
from adapters.contract.inspection import Inspector, WebhookRegistration
from adapters.sandbox.manifest import MANIFEST
from adapters.sandbox.server.keys import ensure_key
from tests.fixtures.sandbox import ADMIN_KEY, API_KEY, KEY_SCOPES, running_sandbox

HOOK = "http://127.0.0.1:9/hooks/sandbox"
ENDS = datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)


async def test_the_pilots_key_may_do_what_is_needed_and_no_more() -> None:
    """Its scopes are the manifest's; the clock is the server's; the webhook is there until it is paused, and then too."""
    async with running_sandbox(webhook_url=HOOK) as sandbox:
        adapter = sandbox.adapter()
        assert isinstance(adapter, Inspector)
        seen = await adapter.inspect()
        [hook] = (await sandbox.get("/api/v1/webhooks"))["items"]
        await sandbox.admin.patch(f"/api/v1/webhooks/{hook['id']}", json={"active": False})
        paused = await adapter.inspect()
        await adapter.aclose()
    assert seen.scopes == frozenset(MANIFEST.scopes) == frozenset(KEY_SCOPES)
    assert (seen.acting_as, seen.expires_at) == ("Interview integration", None)
    assert seen.server_time is not None
    assert abs(seen.server_time - datetime.now(UTC)) < timedelta(seconds=30)
    assert seen.webhooks == (WebhookRegistration(url=HOOK, events=tuple(hook["events"]), enabled=True),)
    assert [one.enabled for one in paused.webhooks or ()] == [False]


async def test_an_admin_key_may_do_everything() -> None:
    """Every scope is told, so that none seems to be missing and too many are seen."""
    async with running_sandbox() as sandbox:
        adapter = sandbox.adapter(key=ADMIN_KEY)
        scopes = (await adapter.inspect()).scopes
        await adapter.aclose()
    assert scopes is not None
    assert scopes - frozenset(MANIFEST.scopes) == {"admin", "applications:move"}


async def test_a_key_that_may_not_see_webhooks_does_not_tell_of_them() -> None:
    """None, which is not the same as none registered; the end of a key is told."""
    async with running_sandbox(webhook_url=HOOK) as sandbox:
        fewer = [scope for scope in KEY_SCOPES if scope != "webhooks:read"]
        ensure_key(sandbox.store, name="Fewer", value="a-key-with-fewer-scopes", scopes=fewer, expires_at=ENDS)
        adapter = sandbox.adapter(key="a-key-with-fewer-scopes")
        seen = await adapter.inspect()
        await adapter.aclose()
    assert (seen.webhooks, seen.expires_at) == (None, ENDS)


async def test_a_key_ends() -> None:
    """From its end on it is as wrong as any other; given again without an end it never ends."""
    now = datetime.now(UTC)
    async with running_sandbox(clock=lambda: now) as sandbox:
        made = {"name": "Short", "scopes": list(KEY_SCOPES), "expires_at": (now + timedelta(hours=1)).isoformat()}
        value = (await sandbox.admin.post("/api/v1/keys", json=made)).json()["value"]
        adapter = sandbox.adapter(key=value)
        assert (await adapter.inspect()).expires_at == now + timedelta(hours=1)
        now += timedelta(hours=1)
        with pytest.raises(AuthRejected):
            await adapter.inspect()
        ensure_key(sandbox.store, name="Short", value=value, scopes=KEY_SCOPES)
        assert (await adapter.inspect()).expires_at is None
        await adapter.aclose()


async def test_a_wrong_key_tells_nothing() -> None:
    """Rejected, as for every read."""
    async with running_sandbox() as sandbox:
        adapter = sandbox.adapter(key=f"{API_KEY}-wrong")
        with pytest.raises(AuthRejected):
            await adapter.inspect()
        await adapter.aclose()
