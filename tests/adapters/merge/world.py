"""Merge as the conformance suite sees it: the simulator over loopback."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from typing_extensions import override

from adapters.contract.model import Stage
from tests.adapters.case import Case
from tests.adapters.merge.simulator import ACCOUNT_TOKEN, API_KEY, ROOT, STAGES, USER, Merge, create_app, signature
from tests.adapters.simulated import Faults, NotesOnly
from tests.fixtures.sandbox import serving

PAYLOADS = Path(__file__).parent / "payloads"
CREDENTIALS = MappingProxyType({"api_key": API_KEY, "account_token": ACCOUNT_TOKEN})


@dataclass
class MergeWorld(NotesOnly):
    """One linked account with three applications."""

    merge: Merge
    base_url: str

    @property
    @override
    def credentials(self) -> Mapping[str, str]:
        return CREDENTIALS

    @property
    @override
    def faults(self) -> Faults:
        return self.merge.faults

    @property
    def application_id(self) -> str:
        return next(iter(self.merge.applications))

    async def snapshot(self) -> object:
        return json.dumps([self.merge.applications, self.merge.candidates, self.merge.activities])

    async def stages(self) -> tuple[Stage, ...]:
        job = self.merge.applications[self.application_id]["job"]
        return tuple(Stage(id=self.merge.stage(job, name), name=name) for name in STAGES)

    async def job_closed(self) -> None:
        self.merge.move(self.application_id, "Manager Review")
        self.merge.sync()


def linked_account() -> Merge:
    """A linked account with two jobs."""
    merge = Merge()
    job, other = merge.add_job("Data Engineer"), merge.add_job("Support Agent", status="PENDING")
    for person in ("Ada", "Grace"):
        merge.add_application(person, job)
    merge.add_application("Edith", other)
    return merge


@asynccontextmanager
async def running_world(merge: Merge | None = None) -> AsyncIterator[MergeWorld]:
    merge = merge or linked_account()
    async with serving(create_app(merge)) as origin:
        yield MergeWorld(merge, f"{origin}{ROOT}")


def sign(body: bytes, secret: str, _: datetime) -> dict[str, str]:
    return {"x-merge-webhook-signature": signature(body, secret)}


MERGE_CASE = Case(
    key="merge",
    tells_applied=True,
    sign=sign,
    stage_changed=(PAYLOADS / "application_changed.json").read_bytes(),
    unknown=(PAYLOADS / "synced.json").read_bytes(),
    running=running_world,
    credentials=CREDENTIALS,
    options={"act_as": USER},
    base_url="https://api.merge.dev/api/ats/v1",
    # The vendor says that a delivery has none: identical bytes are one delivery.
    delivery_ids=False,
    # Every change of an application is told in the same words.
    tells_moves=False,
    sample_id="521b18c2-4d01-4297-b451-19858d07c133",
    terminal_kinds=frozenset(),
)
