"""Lever as the conformance suite sees it: the model of Lever over loopback."""

import copy
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.contract.model import FieldValue, Stage, StageKind
from adapters.lever.mapping import ENDED
from adapters.lever.webhook import WINDOW
from tests.adapters.case import Case
from tests.adapters.lever.simulator import READ, STAGES, Lever, create_app, signature, stage_id, uid
from tests.fixtures.sandbox import serving

API_KEY = "lever-key-for-tests-0001"
ACT_AS = uid("user")
PAYLOADS = Path(__file__).parent / "payloads"


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


@dataclass
class LeverWorld:
    """One opportunity of a small account."""

    lever: Lever
    base_url: str

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"api_key": API_KEY}

    @property
    def moving_credentials(self) -> Mapping[str, str]:
        return self.credentials

    @property
    def application_id(self) -> str:
        return uid("opportunity Ada Quill0")

    @property
    def email(self) -> str:
        return "ada0@example.org"

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        return {}

    async def snapshot(self) -> object:
        return copy.deepcopy((self.lever.opportunities, self.lever.notes))

    async def lose_next_answer(self) -> None:
        self.lever.faults.lose = 1

    async def stages(self) -> tuple[Stage, ...]:
        return (*(Stage(id=stage_id(text), name=text) for _, text in STAGES), ENDED)

    async def job_closed(self) -> None:
        self.lever.posting_state = "closed"
        self.lever.touch(self.application_id)


@asynccontextmanager
async def running_world() -> AsyncIterator[LeverWorld]:
    lever = Lever(keys={API_KEY: READ | {"notes:write"}})
    async with serving(create_app(lever)) as base_url:
        yield LeverWorld(lever, base_url)


def no_headers(_body: bytes, _secret: str, _at: datetime) -> dict[str, str]:
    return {}


def seal(body: bytes, secret: str, at: datetime) -> bytes:
    """Put time and signature into a body; one that cannot hold them stays as it is."""
    try:
        document = json.loads(body)
        if not isinstance(document, dict) or "token" not in document:
            return body
        document["triggeredAt"] = round(at.timestamp() * 1000)
        return json.dumps(document | {"signature": signature(document, secret)}).encode()
    except (ValueError, RecursionError):
        return body


LEVER_CASE = Case(
    key="lever",
    window=WINDOW,
    sign=no_headers,
    seal=seal,
    signs_event_time=True,
    stage_changed=payload("candidate-stage-change"),
    unknown=payload("interview-created"),
    running=running_world,
    credentials={"api_key": API_KEY},
    options={"act_as": ACT_AS},
    sample_id=uid("opportunity Ada Quill0"),
    terminal_kinds=frozenset({StageKind.ARCHIVED}),
)
