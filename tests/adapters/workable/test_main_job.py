"""The main job against the model of Workable."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from adapters.contract.model import FieldValue, StageKind
from orchestrator.domain.interview import Completion
from rubrics.structure import BANDS
from tests.adapters.case import Case
from tests.adapters.main_job import JOB_TITLE, Life, LiveWorld, MainJob
from tests.adapters.workable.simulator import create_app
from tests.adapters.workable.world import CANDIDATE, JOB, WORKABLE_CASE, WorkableWorld, account
from tests.fixtures.sandbox import serving


def choices(key: str, label: str, *texts: str) -> dict[str, object]:
    made = [{"id": f"{key}{place}", "body": text} for place, text in enumerate(texts)]
    return {"id": key, "type": "dropdown", "enabled": True, "label": label, "single_answer": True, "choices": made}


def free_text(key: str, label: str) -> dict[str, object]:
    return {"id": key, "type": "free_text", "enabled": True, "label": label}


@dataclass
class WorkableLife(WorkableWorld):
    """Workable with a recruiter. Its requests carry what it knows by heart: names in events, slugs in moves."""

    resting_stage = "Applied"
    trigger_stage = "AI Interview"
    stage_kinds = {  # noqa: RUF012 - read only
        "Applied": StageKind.APPLIED,
        "AI Interview": StageKind.FIRST_INTERVIEW,
        "manager-review": StageKind.MANAGER_REVIEW,
    }
    field_map = {  # noqa: RUF012 - read only
        "completion": "c0",
        "band": "b0",
        "bullets": "s0",
        "link": "l0",
    }
    hook: tuple[str, str] | None = None
    wild: bool = False

    async def listen(self, url: str, secret: str) -> None:
        self.hook = (url, secret)

    async def recruit(self, stage: str) -> None:
        key = next(key for key, name in self.vendor.named.items() if name == stage)
        self.vendor.move(CANDIDATE, key)
        if self.hook is None:
            self.vendor.outbox.clear()
            return
        url, secret = self.hook
        statuses = await self.vendor.deliver(url, key=secret, copies=3 if self.wild else 1, shuffle=5)
        assert set(statuses) == {200}

    async def misbehave(self, *, calm: bool = False) -> None:
        self.wild = not calm
        self.vendor.fail = [] if calm else [500, 0, 429, 0, 0, 503]
        self.vendor.lose = {} if calm else {"PATCH": 1, "POST": 1}

    async def shown(self) -> Mapping[str, FieldValue]:
        texts = {one["id"]: one["body"] for field in self.vendor.attributes for one in field.get("choices", ())}
        held = self.vendor.values[CANDIDATE]
        return {
            key: texts[value["choices"][0]] if value.get("choices") else value.get("value")
            for key, value in held.items()
        }

    async def notes(self) -> Sequence[str]:
        return [row["body"] for row in self.vendor.activities[CANDIDATE] if row["action"] == "comment"]

    async def contact(self) -> object:
        person = self.vendor.candidates[CANDIDATE]
        return json.dumps({name: person[name] for name in ("name", "firstname", "lastname", "email", "phone", "tags")})


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    vendor = account()
    vendor.jobs[JOB]["title"] = JOB_TITLE
    vendor.attributes = [
        choices("c0", "Interview completion", *Completion),
        choices("b0", "Interview band", *BANDS.values()),
        free_text("s0", "Interview summary"),
        free_text("l0", "Interview link"),
    ]
    vendor.candidates.clear()
    vendor.add_candidate(CANDIDATE, JOB)
    vendor.outbox.clear()
    async with serving(create_app(vendor)) as vendor.base_url:
        yield WorkableLife(vendor)


class TestWorkableMainJob(MainJob):
    """By webhook with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return WORKABLE_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living
