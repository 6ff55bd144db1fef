"""Kombo as the conformance suite sees it: the simulator over loopback."""

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
from tests.adapters.kombo.simulator import API_KEY, INTEGRATION, ROOT, STAGES, Kombo, create_app, signature, uid
from tests.adapters.simulated import Faults, NotesOnly
from tests.fixtures.sandbox import serving

PAYLOADS = Path(__file__).parent / "payloads"
CREDENTIALS = MappingProxyType({"api_key": API_KEY})


@dataclass
class KomboWorld(NotesOnly):
    """One integration with three applications."""

    kombo: Kombo
    base_url: str

    @property
    @override
    def credentials(self) -> Mapping[str, str]:
        return CREDENTIALS

    @property
    @override
    def faults(self) -> Faults:
        return self.kombo.faults

    @property
    def application_id(self) -> str:
        return next(iter(self.kombo.applications))

    async def snapshot(self) -> object:
        return json.dumps([self.kombo.applications, self.kombo.notes])

    async def stages(self) -> tuple[Stage, ...]:
        job = self.kombo.applications[self.application_id]["job"]["name"]
        return tuple(Stage(id=uid(f"{job} {name}"), name=name) for name in STAGES)

    async def job_closed(self) -> None:
        self.kombo.move(self.application_id, "Manager Review")
        self.kombo.sync()


def integration() -> Kombo:
    """An integration with two jobs."""
    kombo = Kombo()
    job, other = kombo.add_job("Data Engineer"), kombo.add_job("Support Agent", status="ARCHIVED")
    for person in ("Ada", "Grace"):
        kombo.add_application(person, job)
    kombo.add_application("Edith", other)
    return kombo


@asynccontextmanager
async def running_world(kombo: Kombo | None = None) -> AsyncIterator[KomboWorld]:
    kombo = kombo or integration()
    async with serving(create_app(kombo)) as origin:
        yield KomboWorld(kombo, f"{origin}{ROOT}")


def sign(body: bytes, secret: str, _: datetime) -> dict[str, str]:
    return {"x-kombo-signature": signature(body, secret)}


KOMBO_CASE = Case(
    key="kombo",
    tells_applied=True,
    sign=sign,
    # It names no application: what changed is found by polling.
    stage_changed=(PAYLOADS / "data_changed.json").read_bytes(),
    unknown=(PAYLOADS / "integration_state_changed.json").read_bytes(),
    running=running_world,
    credentials=CREDENTIALS,
    options={"integration_id": INTEGRATION, "tool": "greenhouse", "act_as": "4280249"},
    base_url="https://api.kombo.dev/v1",
    sample_id="B5hQKhbqrFVJCtmRBFhPq9zz",
    terminal_kinds=frozenset(),
    no_such_ids=("nobody", "..", "a b", "é", "remote:", "remote:a,b", "remote:none", "a,b"),
)
