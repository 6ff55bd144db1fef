"""Odoo as the conformance suite sees it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from adapters.contract.errors import Unavailable
from adapters.contract.model import FieldValue, Stage, StageKind
from tests.adapters.case import Case
from tests.adapters.odoo.simulator import DATABASE, KEY, Odoo, running_odoo

PAYLOADS = Path(__file__).parent / "payloads"
STAGE_CHANGED = (PAYLOADS / "stage-changed.json").read_bytes()
OTHER_MODEL = (PAYLOADS / "other-model.json").read_bytes()
EMPTY_IS_FINE = (b"<html>", b'{"items": [3]}', b"[3]", b"null")


@dataclass
class OdooWorld:
    """The one applicant of a running Odoo."""

    odoo: Odoo

    @property
    def base_url(self) -> str:
        return self.odoo.base_url

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"api_key": KEY}

    @property
    def moving_credentials(self) -> Mapping[str, str]:
        return self.credentials

    @property
    def application_id(self) -> str:
        return "1"

    @property
    def email(self) -> str:
        return "amara.okafor@example.com"

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        return {"x_interview_completion": "Completed", "x_interview_score": 71.5, "x_interview_audit_ref": "ref-0001"}

    async def snapshot(self) -> object:
        return dict(self.odoo.records.one("hr.applicant", 1)), list(self.odoo.records.messages(1))

    async def lose_next_answer(self) -> None:
        self.odoo.faults.lost_answers = 1

    async def stages(self) -> tuple[Stage, ...]:
        return tuple(
            Stage(id=str(one["id"]), name=one["name"], kind=StageKind.HIRED if one["hired_stage"] else None)
            for one in self.odoo.records.tables["hr.recruitment.stage"]
        )

    async def job_closed(self) -> None:
        self.odoo.records.close_job(1)


@asynccontextmanager
async def running_world() -> AsyncIterator[OdooWorld]:
    async with running_odoo() as odoo:
        yield OdooWorld(odoo)


def sign(_: bytes, secret: str, __: datetime) -> dict[str, str]:
    """Odoo signs nothing: what it has is in the address, from where the web layer puts it into a header."""
    return {"x-evenhand-capability": secret}


def changes(request: httpx.Request) -> bool:
    return request.url.path.endswith(("/write", "/message_post"))


ODOO_CASE = Case(
    key="odoo",
    sign=sign,
    stage_changed=STAGE_CHANGED,
    unknown=OTHER_MODEL,
    running=running_world,
    credentials={"api_key": KEY},
    options={"database": DATABASE},
    delivery_ids=False,
    changes=changes,
    # A search that finds nothing answers with an empty list, as a read of what is not there does.
    drift=dict.fromkeys(("read_application", "list_changed", "list_stages", "list_notes"), EMPTY_IS_FINE),
    permanent={404: Unavailable},
    terminal_kinds=frozenset({StageKind.HIRED}),
)
