"""Signed webhooks over real HTTP: signature, retries, log, restart."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from adapters.contract.errors import SignatureInvalid
from adapters.contract.events import ApplicationChanged, Ping, StageChanged
from tests.fixtures.receiver import Received, receiving
from tests.fixtures.sandbox import FAST, WEBHOOK_SECRET, Sandbox, running_sandbox


def event_ids(got: list[Received]) -> list[str]:
    return [received.headers["x-sandbox-event-id"] for received in got]


async def test_stage_change_is_signed(sandbox: Sandbox) -> None:
    """A move on the board becomes a delivery that the adapter verifies, parses and re-reads."""
    async with receiving() as receiver:
        await sandbox.subscribe(receiver.url)
        await sandbox.move("app_000001", "First Interview")
        (got,) = await receiver.wait_for(lambda got: len(got) == 1)
        adapter = sandbox.adapter()
        now = datetime.now(UTC)
        adapter.verify(got.headers, got.body, secrets=["next", WEBHOOK_SECRET], now=now)
        with pytest.raises(SignatureInvalid):
            adapter.verify(got.headers, got.body + b" ", secrets=[WEBHOOK_SECRET], now=now)
        (event,) = adapter.parse(got.headers, got.body)
        assert isinstance(event, StageChanged)
        assert (event.application_id, event.delivery_id) == ("app_000001", event_ids([got])[0])
        application = await adapter.read_application(event.application_id)
        assert application.stage.name == "First Interview"
        assert "okafor" not in got.body.decode().lower()
        await adapter.aclose()


async def test_other_events(sandbox: Sandbox) -> None:
    """Ping, field, note and a closed job arrive as what they are."""
    async with receiving() as receiver:
        hook = await sandbox.subscribe(receiver.url)
        await sandbox.admin.post(f"/api/v1/webhooks/{hook}/ping")
        await sandbox.admin.patch("/api/v1/applications/app_000001/custom_fields", json={"interview_score": 1})
        await sandbox.admin.post("/api/v1/applications/app_000002/notes", json={"body": "x"})
        for _ in range(2):
            await sandbox.admin.patch("/api/v1/jobs/job_000003", json={"status": "closed"})
        got = await receiver.wait_for(lambda got: len(got) == 4)
        adapter = sandbox.adapter()
        events = [event for received in got for event in adapter.parse(received.headers, received.body)]
        await adapter.aclose()
    assert Ping() in events
    changed = sorted(event.application_id for event in events if isinstance(event, ApplicationChanged))
    assert changed == ["app_000001", "app_000002", "app_000009", "app_000010"]


async def test_retries(sandbox: Sandbox) -> None:
    """A receiver that fails gets the same event again until it takes it; the log tells."""
    async with receiving(500, 503, 429) as receiver:
        hook = await sandbox.subscribe(receiver.url)
        await sandbox.move("app_000001", "First Interview")
        got = await receiver.wait_for(lambda got: len(got) == 4)
        assert len(set(event_ids(got))) == 1
        assert len({received.body for received in got}) == 1
        await sandbox.move("app_000001", "Offer")
        await receiver.wait_for(lambda got: len(got) == 5)
    first = (await sandbox.deliveries(hook))[0]
    assert (first["status"], first["attempts"], first["last_answer"]) == ("delivered", 4, "202")


async def test_gives_up_after_the_schedule() -> None:
    """After the last wait of the schedule a delivery is given up, visibly."""
    settings = msgspec.structs.replace(FAST, retry_schedule=(0.01, 0.01))
    async with running_sandbox(settings=settings) as sandbox, receiving(500, 500, 500) as receiver:
        hook = await sandbox.subscribe(receiver.url)
        await sandbox.move("app_000001", "First Interview")
        await receiver.wait_for(lambda got: len(got) == 3)
        await sandbox.move("app_000002", "First Interview")
        await receiver.wait_for(lambda got: len(got) == 4)
        log = await sandbox.deliveries(hook)
    assert (log[0]["status"], log[0]["attempts"], log[0]["last_answer"]) == ("given_up", 3, "500")


async def test_survives_a_receiver_that_is_down(sandbox: Sandbox) -> None:
    """Nobody listens, then somebody does: the event arrives."""
    async with receiving() as gone:
        url, port = gone.url, int(gone.url.rsplit(":", 1)[1].split("/")[0])
    hook = await sandbox.subscribe(url)
    await sandbox.move("app_000001", "First Interview")
    async with receiving(port=port) as back:
        await back.wait_for(lambda got: len(got) == 1)
        assert back.got[0].body
    (delivery,) = await sandbox.deliveries(hook)
    assert delivery["attempts"] >= 1


async def test_survives_a_restart(tmp_path: Path) -> None:
    """What was queued when the sandbox stopped is sent when it starts again on the same file."""
    settings = msgspec.structs.replace(FAST, retry_schedule=(0.3, 0.3, 0.3))
    async with receiving() as receiver:
        async with running_sandbox(tmp_path / "s.db", settings=settings, webhook_url=receiver.url) as sandbox:
            await sandbox.set_faults(deliveries={"delay_seconds": 0.4})
            await sandbox.move("app_000001", "First Interview")
        assert receiver.got == []
        async with running_sandbox(tmp_path / "s.db", settings=settings, webhook_url=receiver.url) as again:
            await receiver.wait_for(lambda got: len(got) == 1)
            assert (await again.application("app_000001"))["stage"]["name"] == "First Interview"
            assert len(again.pilot.application_ids) == 10


async def test_a_slow_receiver_holds_nobody_up() -> None:
    """One receiver that hangs is timed out and tried again, while another gets its events at once."""
    settings = msgspec.structs.replace(FAST, delivery_timeout=0.2)
    async with running_sandbox(settings=settings) as sandbox, receiving() as slow, receiving() as quick:
        slow.hang = 0.5
        hook = await sandbox.subscribe(slow.url)
        await sandbox.subscribe(quick.url)
        await sandbox.move("app_000001", "First Interview")
        await quick.wait_for(lambda got: len(got) == 1, seconds=0.45)
        slow.hang = 0.0
        await slow.wait_for(lambda got: len(got) >= 2)
        assert (await sandbox.deliveries(hook))[0]["attempts"] >= 1


async def test_pause_and_new_secret(sandbox: Sandbox) -> None:
    """A paused webhook gets nothing; subscribing again changes its secret and resumes it."""
    async with receiving() as receiver:
        hook = await sandbox.subscribe(receiver.url, secret="first")
        await sandbox.admin.patch(f"/api/v1/webhooks/{hook}", json={"active": False})
        await sandbox.move("app_000001", "First Interview")
        assert await sandbox.subscribe(receiver.url, secret="second") == hook
        await sandbox.move("app_000001", "Offer")
        (got,) = await receiver.wait_for(lambda got: len(got) >= 1)
        adapter = sandbox.adapter()
        adapter.verify(got.headers, got.body, secrets=["second"], now=datetime.now(UTC))
        await adapter.aclose()
    assert json.loads(got.body)["stage_id"] == sandbox.stage_id("Offer")
    listed = (await sandbox.get("/api/v1/webhooks"))["items"]
    assert [(item["id"], item["active"], "secret" in item) for item in listed] == [(hook, True, False)]
