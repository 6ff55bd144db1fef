"""The main job against the sandbox, in the form in which every vendor runs it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from adapters.contract.model import FieldValue, StageKind
from tests.adapters.case import Case
from tests.adapters.main_job import Life, LiveWorld, MainJob
from tests.adapters.sandbox.world import SANDBOX_CASE, SandboxWorld
from tests.fixtures.sandbox import running_sandbox


@dataclass
class SandboxLife(SandboxWorld):
    """The sandbox with a recruiter."""

    resting_stage = "Application Review"
    trigger_stage = "First Interview"
    stage_kinds = {  # noqa: RUF012 - read only
        "Applied": StageKind.APPLIED,
        "Application Review": StageKind.APPLICATION_REVIEW,
        "First Interview": StageKind.FIRST_INTERVIEW,
    }
    field_map = {  # noqa: RUF012 - read only
        "completion": "interview_completion",
        "band": "interview_band",
        "bullets": "interview_summary",
        "link": "interview_link",
    }

    async def listen(self, url: str, secret: str) -> None:
        hook = {"url": url, "secret": secret, "events": ["application.stage_changed"]}
        answer = await self.sandbox.admin.post("/api/v1/webhooks", json=hook)
        assert answer.status_code == 201, answer.text

    async def recruit(self, stage: str) -> None:
        await self.sandbox.move(self.application_id, stage)

    async def misbehave(self, *, calm: bool = False) -> None:
        if calm:
            await self.sandbox.set_faults()
            return
        await self.sandbox.set_faults(
            error_500={"next": 2},
            timeout_after_commit={"next": 2, "hang_seconds": 0.02},
            deliveries={"duplicates": 2, "reorder_seconds": 0.05},
        )

    async def shown(self) -> Mapping[str, FieldValue]:
        fields: Mapping[str, FieldValue] = (await self.sandbox.profile(self.application_id))["custom_fields"]
        return fields

    async def notes(self) -> Sequence[str]:
        page = await self.sandbox.get(f"/api/v1/applications/{self.application_id}/notes")
        return [note["body"] for note in page["items"]]

    async def contact(self) -> object:
        return (await self.sandbox.profile(self.application_id))["candidate"]


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    async with running_sandbox() as sandbox:
        yield SandboxLife(sandbox)


class TestSandboxMainJob(MainJob):
    """By webhook with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return SANDBOX_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living
