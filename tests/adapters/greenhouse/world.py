"""Greenhouse as the conformance suite sees it: the model of it, over loopback."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from adapters.contract.model import FieldValue, Stage
from adapters.greenhouse.manifest import MANIFEST
from tests.adapters.case import Case
from tests.adapters.greenhouse.hooks import signature
from tests.adapters.greenhouse.records import APPLICATION
from tests.adapters.greenhouse.simulator import ApiClient, Greenhouse, create_app
from tests.fixtures.sandbox import serving

PAYLOADS = Path(__file__).parent / "payloads"
CREDENTIALS = {"client_id": "northwind-interviews", "client_secret": "client-secret-for-tests+/="}


def payload(name: str) -> bytes:
    """A documented payload."""
    return (PAYLOADS / f"{name}.json").read_bytes().rstrip(b"\n")


@dataclass
class GreenhouseWorld:
    """One application of a running model."""

    base_url: str
    model: Greenhouse

    @property
    def credentials(self) -> Mapping[str, str]:
        return CREDENTIALS

    @property
    def moving_credentials(self) -> Mapping[str, str]:
        return CREDENTIALS

    @property
    def application_id(self) -> str:
        return str(APPLICATION)

    @property
    def email(self) -> str:
        return "ada.quill@example.org"

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        return {"ai_interview_completion": "Completed", "ai_interview_score": 71.5, "ai_interview_ref": "ref-0001"}

    async def snapshot(self) -> object:
        tables = self.model.records.tables
        return {name: [dict(row) for row in rows] for name, rows in tables.items()}

    async def lose_next_answer(self) -> None:
        self.model.lose = 1

    async def stages(self) -> tuple[Stage, ...]:
        rows = self.model.records.tables["job_interview_stages"]
        return tuple(Stage(id=str(row["id"]), name=row["name"]) for row in rows if row["active"])

    async def job_closed(self) -> None:
        """A person edits the application: Harvest lists changed applications, and a closed job changes none."""
        self.model.records.edit(APPLICATION, needs_decision=True)


@asynccontextmanager
async def running_world(model: Greenhouse | None = None) -> AsyncIterator[GreenhouseWorld]:
    """The model, with the least that the manifest asks for."""
    model = model or Greenhouse()
    model.clients[CREDENTIALS["client_id"]] = ApiClient(CREDENTIALS["client_secret"], frozenset(MANIFEST.scopes))
    async with serving(create_app(model)) as base_url:
        yield GreenhouseWorld(base_url, model)


def sign(body: bytes, secret: str, _: datetime) -> dict[str, str]:
    return {"signature": signature(body, secret), "greenhouse-event-id": "b6d3ea4c-0f6e-4d3c-9d0a-3f5f2c1e8a10"}


def tokens(request: httpx.Request) -> httpx.Response | None:
    """The token endpoint answers; everything else is what a test makes of it."""
    if request.url.path != "/token":
        return None
    return httpx.Response(200, json={"access_token": "canned", "expires_in": 3600})


_NO_LIST = (b"<html>", b'{"items": [3]}', b"null", b"[3]", b"3")

GREENHOUSE_CASE = Case(
    key="greenhouse",
    tells_applied=True,
    sign=sign,
    stage_changed=payload("candidate_stage_change"),
    ping=payload("ping"),
    unknown=payload("job_created"),
    running=running_world,
    credentials=CREDENTIALS,
    base_url="https://harvest.greenhouse.io",
    prepared=tokens,
    broken_bodies=(
        *(b"", b"not json", b"[]", b"{}", b"\xff\xfe", b'{"action": 1}', b'{"action": "candidate_stage_change"}'),
        b'{"action":"candidate_stage_change","payload":{"application":null}}',
        b'{"action":"application_updated","payload":{"application":{"id":"265277"}}}',
        b'{"action":"application_updated","payload":{"application":{"id":-1}}}',
    ),
    drift=dict.fromkeys(
        ("read_application", "list_changed", "list_stages", "list_fields", "read_fields", "list_notes"), _NO_LIST
    ),
    sample_id="265277",
    terminal_kinds=frozenset(),
)
