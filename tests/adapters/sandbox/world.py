"""The sandbox as the conformance suite sees it: a real server over loopback."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from adapters.contract.model import FieldValue, Stage, StageKind
from adapters.sandbox.server.post import signed_headers
from tests.adapters.case import Case
from tests.fixtures.sandbox import API_KEY, KEY_SCOPES, Sandbox, running_sandbox

STAGE_CHANGED = (
    b'{"id":"evt_000041","type":"application.stage_changed","occurred_at":"2026-03-02T09:29:58.120000Z",'
    b'"application_id":"app_000007","job_id":"job_000002","candidate_id":"cand_000007",'
    b'"from_stage_id":"stg_000009","stage_id":"stg_000010"}'
)
PING = b'{"id":"evt_000042","type":"ping","occurred_at":"2026-03-02T09:29:58.120000Z","webhook_id":"hook_000001"}'
UNKNOWN = b'{"id":"evt_000043","type":"offer.signed","occurred_at":"2026-03-02T09:29:58.120000Z"}'
SCOPE_BODY = (
    b'{"status":403,"title":"Missing scope","code":"missing_scope","detail":"-","required_scope":"fields:read"}'
)


@dataclass
class SandboxWorld:
    """One pilot application of a running sandbox."""

    sandbox: Sandbox

    @property
    def base_url(self) -> str:
        return self.sandbox.base_url

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"api_key": API_KEY}

    @property
    def moving_credentials(self) -> Mapping[str, str]:
        return {"api_key": self.sandbox.key(*KEY_SCOPES, "applications:move")}

    @property
    def application_id(self) -> str:
        return self.sandbox.pilot.application_ids[0]

    @property
    def email(self) -> str:
        return "amara.okafor@example.com"

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        return {"interview_completion": "Completed", "interview_score": 71.5, "interview_audit_ref": "ref-0001"}

    async def snapshot(self) -> object:
        path = f"/api/v1/applications/{self.application_id}"
        parts = [await self.sandbox.get(path)]
        parts += [await self.sandbox.get(f"{path}/{part}") for part in ("profile", "activity", "notes")]
        return parts

    async def lose_next_answer(self) -> None:
        await self.sandbox.set_faults(timeout_after_commit={"next": 1, "hang_seconds": 0.02})

    async def stages(self) -> tuple[Stage, ...]:
        page = await self.sandbox.get(f"/api/v1/jobs/{self.sandbox.pilot.job_ids[0]}/stages")
        return tuple(
            Stage(id=stage["id"], name=stage["name"], kind=StageKind(stage["kind"]) if stage["kind"] else None)
            for stage in page["items"]
        )

    async def job_closed(self) -> None:
        job = self.sandbox.pilot.job_ids[0]
        answer = await self.sandbox.admin.patch(f"/api/v1/jobs/{job}", json={"status": "closed"})
        assert answer.status_code == 200, answer.text


@asynccontextmanager
async def running_world() -> AsyncIterator[SandboxWorld]:
    async with running_sandbox() as sandbox:
        yield SandboxWorld(sandbox)


def sign(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    headers = signed_headers(secret=secret, event_id="evt_000041", body=body, at=at)
    return {name.lower(): value for name, value in headers.items()}


SANDBOX_CASE = Case(
    key="sandbox",
    sign=sign,
    stage_changed=STAGE_CHANGED,
    ping=PING,
    unknown=UNKNOWN,
    running=running_world,
    credentials={"api_key": API_KEY},
    permission_body=SCOPE_BODY,
    permission_scope="fields:read",
)
