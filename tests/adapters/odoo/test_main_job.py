"""The main job against the model of Odoo."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from adapters.contract.model import FieldValue, StageKind
from adapters.odoo.markup import html_to_text
from tests.adapters.case import Case
from tests.adapters.main_job import Life, LiveWorld, MainJob
from tests.adapters.odoo.records import NOTE, STAGES, Records
from tests.adapters.odoo.simulator import Faults, running_odoo
from tests.adapters.odoo.world import ODOO_CASE, OdooWorld


@dataclass
class OdooLife(OdooWorld):
    """Odoo with a recruiter. Its rule sends to an address that ends with the capability."""

    resting_stage = "New"
    trigger_stage = "First Interview"
    stage_kinds = {  # noqa: RUF012 - read only
        "New": StageKind.APPLIED,
        "Qualification": StageKind.APPLICATION_REVIEW,
        "First Interview": StageKind.FIRST_INTERVIEW,
    }
    field_map = {  # noqa: RUF012 - read only
        "completion": "x_interview_completion",
        "band": "x_interview_band",
        "score": "x_interview_score",
        "subscores": "x_interview_subscores",
        "bullets": "x_interview_summary",
        "link": "x_interview_link",
        "audit_ref": "x_interview_audit_ref",
    }

    async def listen(self, url: str, secret: str) -> None:
        self.odoo.hook = f"{url}/{secret}"

    async def recruit(self, stage: str) -> None:
        await self.odoo.move(1, STAGES.index(stage) + 1)

    async def misbehave(self, *, calm: bool = False) -> None:
        self.odoo.faults = Faults() if calm else Faults(errors=2, throttled=1, lost_answers=2, deliver_times=3)

    async def shown(self) -> Mapping[str, FieldValue]:
        record = self.odoo.records.one("hr.applicant", 1)
        return {key: record[key] or None for key in self.field_map.values()}

    async def notes(self) -> Sequence[str]:
        return [html_to_text(one["body"]) for one in self.odoo.records.messages(1) if one["subtype_id"] == NOTE]

    async def contact(self) -> object:
        record = self.odoo.records.one("hr.applicant", 1)
        person = ("partner_name", "email_from", "partner_phone", "partner_id", "job_id", "active", "refuse_reason_id")
        return {name: record[name] for name in person}, list(self.odoo.records.tables["res.partner"])


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    async with running_odoo(Records(datetime.now(UTC))) as odoo:
        yield OdooLife(odoo)


class TestOdooMainJob(MainJob):
    """By webhook with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return ODOO_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living
