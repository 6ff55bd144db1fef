"""Teamtailor as the conformance suite sees it."""

import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from adapters.contract.model import FieldValue, Stage, StageKind
from tests.adapters.case import Case
from tests.adapters.teamtailor.simulator import STAGES, Simulator, signed
from tests.fixtures.sandbox import serving

KEY = "api-key-for-tests-0001"
STAGE_CHANGED = b'{"event_name":"job_application.update","data":{"id":"101"}}'
UNKNOWN = b'{"event_name":"job.update","data":{"id":"7"}}'


@dataclass
class TeamtailorWorld:
    """One candidate of a simulated account."""

    base_url: str
    sim: Simulator

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"api_key": KEY}

    @property
    def moving_credentials(self) -> Mapping[str, str]:
        return self.credentials

    @property
    def application_id(self) -> str:
        return "101"

    @property
    def email(self) -> str:
        return "amara.501@example.com"

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        # One only: this vendor takes one field in a request, and a lost answer loses the requests after it.
        return {"interview-completion": "Completed"}

    async def snapshot(self) -> object:
        return copy.deepcopy((self.sim.cards, self.sim.values, self.sim.notes))

    async def lose_next_answer(self) -> None:
        self.sim.faults.lose = 1

    async def stages(self) -> tuple[Stage, ...]:
        kinds = {"hired": StageKind.HIRED}
        return tuple(Stage(id=number, name=name, kind=kinds.get(kind)) for number, (name, kind) in STAGES.items())

    async def job_closed(self) -> None:
        self.sim.job_status = "archived"
        # A closed job is no change of its applications here; a recruiter's move is.
        self.sim.move("101", "12")


@asynccontextmanager
async def running(sim: Simulator | None = None) -> AsyncIterator[TeamtailorWorld]:
    """A simulated account over loopback HTTP."""
    account = sim or Simulator()
    async with serving(account.gate) as base_url:
        yield TeamtailorWorld(base_url, account)


def sign(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    return signed(secret, at=at, body=body)


TEAMTAILOR_CASE = Case(
    key="teamtailor",
    tells_applied=True,
    sign=sign,
    stage_changed=STAGE_CHANGED,
    unknown=UNKNOWN,
    running=running,
    credentials={"api_key": KEY},
    options={"act_as": "2"},
    delivery_ids=False,
    sample_id="101",
    terminal_kinds=frozenset({StageKind.HIRED}),
)
