"""Every fault switch, over real HTTP."""

from itertools import pairwise

import httpx
import pytest
from typing_extensions import override

from adapters.contract.errors import OutcomeUnknown, PayloadInvalid, RateLimited, Timeout, Unavailable
from adapters.contract.model import Visibility
from tests.fixtures.receiver import receiving
from tests.fixtures.sandbox import Sandbox

ME = "/api/v1/me"
APP = "/api/v1/applications/app_000001"


async def statuses(sandbox: Sandbox, count: int, path: str = ME) -> list[int]:
    return [(await sandbox.admin.get(path)).status_code for _ in range(count)]


async def test_faults_are_off_and_readable(sandbox: Sandbox) -> None:
    """All is off at first; what is set is read back; what is left out is off again; nonsense is refused."""
    assert await statuses(sandbox, 5) == [200] * 5
    await sandbox.set_faults(error_500={"next": 3}, seed=7)
    faults = await sandbox.get("/api/v1/faults")
    assert (faults["error_500"], faults["seed"]) == ({"probability": 0.0, "next": 3}, 7)
    await sandbox.set_faults()
    assert await statuses(sandbox, 3) == [200] * 3
    assert (await sandbox.admin.put("/api/v1/faults", json={"error_500": {"next": "x"}})).status_code == 400


async def test_error_500(sandbox: Sandbox) -> None:
    """The next n requests fail, or a repeatable share of them; nothing was changed by a failed write."""
    await sandbox.set_faults(error_500={"next": 2})
    assert await statuses(sandbox, 3) == [500, 500, 200]
    runs = []
    for _ in range(2):
        await sandbox.set_faults(error_500={"probability": 0.5}, seed=3)
        runs.append(await statuses(sandbox, 20))
    assert runs[0] == runs[1]
    assert {200, 500} == set(runs[0])
    await sandbox.set_faults(error_500={"next": 1}, writes_only=True)
    adapter = sandbox.adapter()
    await adapter.read_application("app_000001")
    with pytest.raises(OutcomeUnknown):
        await adapter.write_fields("app_000001", {"interview_score": 5}, expected={})
    assert await adapter.read_fields("app_000001") == {}
    await sandbox.set_faults(error_500={"next": 1})
    with pytest.raises(Unavailable):
        await adapter.list_fields()
    await adapter.aclose()


@pytest.mark.parametrize("seconds", [None, 9])
async def test_rate_limited(sandbox: Sandbox, seconds: int | None) -> None:
    """429 comes with Retry-After or without, and the adapter says which."""
    await sandbox.set_faults(rate_limited={"next": 1, "retry_after": seconds})
    adapter = sandbox.adapter()
    with pytest.raises(RateLimited) as limited:
        await adapter.list_fields()
    assert limited.value.retry_after == seconds
    assert await adapter.list_fields()
    await adapter.aclose()


@pytest.mark.parametrize("hang", [0.0, 5.0])
async def test_timeout_after_commit(sandbox: Sandbox, hang: float) -> None:
    """The write is committed, once; the caller never hears of it, whether the connection is cut or hangs."""
    await sandbox.set_faults(timeout_after_commit={"next": 1, "hang_seconds": hang})
    adapter = sandbox.adapter(timeout=httpx.Timeout(5.0, read=0.3))
    with pytest.raises(OutcomeUnknown):
        await adapter.write_fields("app_000001", {"interview_score": 5}, expected={})
    assert await adapter.read_fields("app_000001") == {"interview_score": 5}
    await adapter.write_fields("app_000001", {"interview_score": 6}, expected={"interview_score": 5})
    await adapter.aclose()
    lines = (await sandbox.get(f"{APP}/activity"))["items"]
    assert [line["new"] for line in lines if line["action"] == "field.changed"] == [5, 6]


@pytest.mark.parametrize("carried_out", [True, False])
async def test_cut_connections(sandbox: Sandbox, *, carried_out: bool) -> None:
    """The caller gets no byte of an answer, to a read or a write; the write was carried out once, or not at all."""
    values = {"interview_score": 5} if carried_out else {}
    await sandbox.set_faults(cut_connections={"next": 2, "carried_out": carried_out})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await sandbox.admin.get(APP)
    adapter = sandbox.adapter()
    with pytest.raises(OutcomeUnknown):
        await adapter.write_fields("app_000001", {"interview_score": 5}, expected={})
    assert await adapter.read_fields("app_000001") == values
    await adapter.aclose()
    assert (await sandbox.get("/api/v1/faults"))["cut_connections"] == {"next": 0, "carried_out": carried_out}


async def test_reads_time_out(sandbox: Sandbox) -> None:
    """A read that is not answered in time is Timeout, not OutcomeUnknown."""

    class Slow(httpx.AsyncBaseTransport):
        @override
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("slow", request=request)

    with pytest.raises(Timeout):
        await sandbox.adapter(transport=Slow()).read_application("app_000001")


async def test_duplicate_deliveries(sandbox: Sandbox) -> None:
    """Copies have one event id and one body, so that they can be told for copies."""
    async with receiving() as receiver:
        await sandbox.subscribe(receiver.url)
        await sandbox.set_faults(deliveries={"duplicates": 2})
        await sandbox.move("app_000001", "First Interview")
        got = await receiver.wait_for(lambda got: len(got) == 3)
    assert len({received.headers["x-sandbox-event-id"] for received in got}) == 1
    assert len({received.body for received in got}) == 1


async def test_reordered_and_delayed_deliveries(sandbox: Sandbox) -> None:
    """With a reorder window, later events overtake earlier ones; the last state is still what the API says."""
    async with receiving() as receiver:
        await sandbox.subscribe(receiver.url)
        await sandbox.set_faults(deliveries={"delay_seconds": 0.02, "reorder_seconds": 0.4}, seed=5)
        for stage in ("First Interview", "Manager Review", "Offer", "Applied", "First Interview", "Offer"):
            await sandbox.move("app_000001", stage)
        got = await receiver.wait_for(lambda got: len(got) == 6)
    ids = [received.headers["x-sandbox-event-id"] for received in got]
    assert len(set(ids)) == 6
    assert any(earlier > later for earlier, later in pairwise(ids))
    assert (await sandbox.application("app_000001"))["stage"]["name"] == "Offer"


async def test_schema_drift(sandbox: Sandbox) -> None:
    """A renamed or omitted member makes the adapter say so, naming the member; without it, all is well again."""
    adapter = sandbox.adapter()
    await sandbox.set_faults(schema_drift={"rename": {"stage_entry": "stageEntry"}})
    with pytest.raises(PayloadInvalid, match=r"stage_entry is missing"):
        await adapter.read_application("app_000001")
    await sandbox.set_faults(schema_drift={"omit": ["max_length"]})
    with pytest.raises(PayloadInvalid, match=r"max_length is missing"):
        await adapter.list_fields()
    await sandbox.set_faults(schema_drift={"rename": {"visibility": "audience"}})
    with pytest.raises(OutcomeUnknown):
        await adapter.add_note("app_000001", "kept", visibility=Visibility.PRIVATE)
    await sandbox.set_faults()
    assert [note.body for note in await adapter.list_notes("app_000001")] == ["kept"]
    await adapter.aclose()
