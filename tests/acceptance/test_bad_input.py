"""Deliveries that are not what they should be: a problem document, a counter, and nothing stored."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from orchestrator.db.models.intake import DeliveryRow, RefusedCount
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import WEBHOOK_SECRET

BODY = json.dumps({"event": "application.stage_changed"}).encode()


def signed(body: bytes, *, secret: str = WEBHOOK_SECRET, at: float | None = None) -> dict[str, str]:
    """The sandbox's headers for a body."""
    timestamp = str(int(at if at is not None else datetime.now(UTC).timestamp()))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Sandbox-Timestamp": timestamp,
        "X-Sandbox-Event-Id": "evt_000001",
        "X-Sandbox-Signature": f"v1={digest}",
    }


async def post(house: House, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """One delivery."""
    async with httpx.AsyncClient() as ats:
        return await ats.post(f"{house.url}/hooks/sandbox", content=body, headers=headers)


async def stored(house: House) -> tuple[int, dict[str, int]]:
    """How many deliveries are stored, and the counters of refusals."""
    async with house.runtime.database.reading() as session:
        deliveries = await session.scalar(sa.select(sa.func.count()).select_from(DeliveryRow))
        refused = await session.execute(sa.select(RefusedCount.reason, RefusedCount.count))
        return deliveries or 0, {row.reason: row[1] for row in refused}


HOUR = 3600.0
CASES: dict[str, tuple[bytes, Callable[[], dict[str, str]], int, str]] = {
    "unsigned": (BODY, lambda: {"Content-Type": "application/json"}, 401, "SignatureInvalid"),
    "mis-signed": (BODY, lambda: signed(BODY, secret="another-secret-for-tests"), 401, "SignatureInvalid"),
    "altered": (BODY + b" ", lambda: signed(BODY), 401, "SignatureInvalid"),
    "stale": (BODY, lambda: signed(BODY, at=datetime.now(UTC).timestamp() - HOUR), 401, "SignatureInvalid"),
    "not JSON": (b"{nonsense", lambda: signed(b"{nonsense"), 400, "PayloadInvalid"),
    "not an event": (b"[]", lambda: signed(b"[]"), 400, "PayloadInvalid"),
    "oversized": (b" " * 1_100_000, lambda: signed(b" " * 1_100_000), 413, "TooLarge"),
}


@pytest.mark.parametrize("name", CASES)
async def test_bad_deliveries_are_refused_and_only_counted(name: str, sqlite_url: str, tmp_path: Path) -> None:
    """401, 400 or 413 with a problem document; the only trace is a counter."""
    # Signed now and not when the tests were collected: the replay window is shorter than the suite.
    body, sign, status, reason = CASES[name]
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        answer = await post(house, body, sign())

        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert WEBHOOK_SECRET not in answer.text
        assert await stored(house) == (0, {reason: 1})


async def test_unknown_connections_are_not_found(sqlite_url: str, tmp_path: Path) -> None:
    """A path that names no connection stores nothing, not even a counter."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        async with httpx.AsyncClient() as ats:
            answer = await ats.post(f"{house.url}/hooks/nowhere", content=BODY, headers=signed(BODY))

        assert answer.status_code == 404
        assert await stored(house) == (0, {})


async def test_a_delivery_is_on_disk_before_it_is_acknowledged(sqlite_url: str, tmp_path: Path) -> None:
    """What was answered with 202 is stored, though no worker has run (N2), and becomes work; again is counted, not stored."""
    body = json.dumps(
        {
            "id": "evt_000001",
            "type": "application.stage_changed",
            "occurred_at": "2026-11-01T10:00:00Z",
            "application_id": "app_000001",
        }
    ).encode()
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        headers = signed(body)
        first, second = await post(house, body, headers), await post(house, body, headers)

        assert (first.status_code, second.status_code) == (202, 202)
        assert (first.json()["duplicate"], second.json()["duplicate"]) == (False, True)
        async with house.runtime.database.reading() as session:
            row = (await session.scalars(sa.select(DeliveryRow))).one()
        assert (row.times_received, row.body, row.queued) == (2, body, False)
        async with house.runtime.database.transaction() as tx:
            await house.runtime.services.intake.feed(tx)
        async with house.runtime.database.reading() as session:
            queued = await session.scalar(sa.text("SELECT count(*) FROM work WHERE kind = 'delivery.process'"))
        assert queued == 1
