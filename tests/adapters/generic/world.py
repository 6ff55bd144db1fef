"""Middleware as the conformance suite sees it: the simulator over loopback."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from adapters.contract.model import FieldValue, Stage, StageKind
from tests.adapters.case import Case
from tests.adapters.generic.simulator import SIGNING, TOKEN, Receiver, create_app, signed
from tests.fixtures.sandbox import serving

PAYLOADS = Path(__file__).parent / "payloads"
APPLICATION = "app-1"
CREDENTIALS = MappingProxyType({"signing_secret": SIGNING, "read_token": TOKEN})


@dataclass
class GenericWorld:
    """One receiver with three applications."""

    receiver: Receiver
    base_url: str

    @property
    def credentials(self) -> Mapping[str, str]:
        return CREDENTIALS

    @property
    def moving_credentials(self) -> Mapping[str, str]:
        return self.credentials

    @property
    def application_id(self) -> str:
        return APPLICATION

    @property
    def email(self) -> str:
        return "ada.quill@example.org"

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        return {"band": "Strong evidence", "score": 72, "summary": "Line one\nline two"}

    async def snapshot(self) -> object:
        held = (self.receiver.applications, self.receiver.fields, self.receiver.notes)
        return json.dumps([one[APPLICATION] for one in held])

    async def lose_next_answer(self) -> None:
        self.receiver.lose = 1

    async def stages(self) -> tuple[Stage, ...]:
        return tuple(
            Stage(id=one["id"], name=one["name"], kind=StageKind(one["kind"]) if "kind" in one else None)
            for one in self.receiver.stages()
        )

    async def job_closed(self) -> None:
        self.receiver.applications[APPLICATION]["job"]["status"] = "closed"
        self.receiver.changed(APPLICATION)


BANDS = ("Strong evidence", "Solid evidence", "Mixed evidence", "Limited evidence", "Not enough evidence")


def receiver() -> Receiver:
    """A receiver with fields of every kind."""
    made = Receiver()
    made.definitions = [
        {"key": "completion", "name": "Interview", "kind": "text"},
        {"key": "band", "name": "Band", "kind": "select", "options": list(BANDS)},
        {"key": "score", "name": "Score", "kind": "number"},
        {"key": "summary", "name": "Summary", "kind": "long_text", "max_length": 2000},
        {"key": "link", "name": "Evidence", "kind": "url"},
    ]
    for application_id in (APPLICATION, "app-2", "app-3"):
        made.add(application_id)
    made.move(APPLICATION, "AI Interview")
    made.outbox.clear()
    return made


@asynccontextmanager
async def running_world(made: Receiver | None = None) -> AsyncIterator[GenericWorld]:
    made = made or receiver()
    async with serving(create_app(made)) as origin:
        yield GenericWorld(made, f"{origin}/hook")


def sign(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    return signed(body, secret, at)


GENERIC_CASE = Case(
    key="generic",
    tells_applied=True,
    sign=sign,
    stage_changed=(PAYLOADS / "stage_changed.json").read_bytes(),
    ping=(PAYLOADS / "ping.json").read_bytes(),
    unknown=(PAYLOADS / "unknown.json").read_bytes(),
    running=running_world,
    credentials=CREDENTIALS,
    options={"read_url": "records", "reach": "loopback"},
    base_url="https://ats.example.com/hook",
    sample_id=APPLICATION,
    no_such_ids=("nobody", "..", "a b", "é", "app-1&read=stages"),
)
