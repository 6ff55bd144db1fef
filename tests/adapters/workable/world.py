"""Workable as the conformance suite sees it: the simulator over loopback."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.contract.model import FieldValue, Stage, StageKind
from tests.adapters.case import Case
from tests.adapters.workable.simulator import ASSESSMENT_TOKEN, STAGES, TOKEN, Workable, create_app, slug
from tests.fixtures.sandbox import serving

PAYLOADS = Path(__file__).parent / "payloads"
MEMBER = "1f395d"
JOB = "9CD658E13E"
CANDIDATE = "27273038"
COMPLETION, SCORE, AUDIT = "13e0eb0e", "13e0eb0f", "13e0eb10"


@dataclass
class WorkableWorld:
    """One account with two jobs and three candidates."""

    vendor: Workable

    @property
    def base_url(self) -> str:
        return self.vendor.base_url

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"api_token": TOKEN, "assessment_token": ASSESSMENT_TOKEN}

    @property
    def moving_credentials(self) -> Mapping[str, str]:
        return self.credentials

    @property
    def application_id(self) -> str:
        return CANDIDATE

    @property
    def email(self) -> str:
        return "ada.quill@example.org"

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        return {COMPLETION: "Completed", SCORE: 71.5, AUDIT: "ref-0001"}

    async def snapshot(self) -> object:
        vendor = self.vendor
        return json.dumps([vendor.candidates[CANDIDATE], vendor.activities[CANDIDATE], vendor.values[CANDIDATE]])

    async def lose_next_answer(self) -> None:
        # One field per request: the answer that is lost is that of the last.
        self.vendor.lose = {"PATCH": len(self.writable), "POST": 1}

    async def stages(self) -> tuple[Stage, ...]:
        kinds = {"hired": StageKind.HIRED}
        return tuple(Stage(id=slug(name), name=name, kind=kinds.get(slug(name))) for name in STAGES)

    async def job_closed(self) -> None:
        # A closed job changes no candidate here; what a poll must see is a candidate that changed.
        self.vendor.jobs[JOB]["state"] = "closed"
        self.vendor.move(CANDIDATE, "manager-review")


def account(*, limit: int = 500) -> Workable:
    """An account that asks for no patience unless told otherwise."""
    vendor = Workable(limit=limit, now=datetime.now().astimezone())
    vendor.add_job(JOB, "Data Engineer")
    vendor.add_job("B3627BCF5D", "Support Agent", state="closed", stages=["Applied", "Phone Screen", "Hired"])
    vendor.attributes = [
        {"id": COMPLETION, "type": "dropdown", "enabled": True, "label": "Interview completion", "single_answer": True,
         "choices": [{"id": "c1", "body": "Invited"}, {"id": "c2", "body": "Completed"}]},
        {"id": SCORE, "type": "numeric", "enabled": True, "label": "Interview score"},
        {"id": AUDIT, "type": "short_text", "enabled": True, "label": "Interview audit reference"},
        {"id": "13e0eb11", "type": "free_text", "enabled": True, "label": "Interview summary"},
        {"id": "13e0eb12", "type": "date", "enabled": True, "label": "Start date"},
        {"id": "13e0eb13", "type": "free_text", "enabled": False, "label": "Old"},
    ]  # fmt: skip
    for number in range(3):
        vendor.add_candidate(str(int(CANDIDATE) + number), JOB)
    vendor.values[CANDIDATE]["13e0eb11"] = {"value": "what stood there before"}
    vendor.move(CANDIDATE, "ai-interview")
    return vendor


@asynccontextmanager
async def running_world(vendor: Workable | None = None) -> AsyncIterator[WorkableWorld]:
    world = WorkableWorld(vendor or account())
    async with serving(create_app(world.vendor)) as base_url:
        world.vendor.base_url = base_url
        yield world


def sign(body: bytes, secret: str, _: datetime) -> dict[str, str]:
    return {name.lower(): value for name, value in Workable().signed(body, secret).items() if name.startswith("X-")}


WORKABLE_CASE = Case(
    key="workable",
    sign=sign,
    stage_changed=(PAYLOADS / "candidate_moved.json").read_bytes(),
    unknown=(PAYLOADS / "employee_created.json").read_bytes(),
    running=running_world,
    credentials={"api_token": TOKEN},
    options={"act_as": MEMBER},
    base_url="https://acme.workable.com",
    # Workable guarantees no id of an event.
    delivery_ids=False,
    terminal_kinds=frozenset({StageKind.HIRED}),
)
