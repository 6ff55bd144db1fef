"""SmartRecruiters as the conformance suite sees it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec

from adapters.contract.model import FieldValue, Stage, StageKind
from adapters.smartrecruiters.webhook import WINDOW
from tests.adapters.case import Case
from tests.adapters.smartrecruiters.simulator import STATUSES, Simulator, signed
from tests.fixtures.sandbox import serving

KEY = "smart-token-for-tests-01"
STAGE_CHANGED = b'{"job_id":"job-0001","candidate_id":"cand-0001"}'
UNKNOWN = b'{"job_id":"job-0001","offer_id":"offer-0001"}'
ENDS = {
    "HIRED": StageKind.HIRED,
    "REJECTED": StageKind.REJECTED,
    "WITHDRAWN": StageKind.WITHDRAWN,
    "TRANSFERRED": StageKind.ARCHIVED,
}


@dataclass
class SmartRecruitersWorld:
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
        return "cand-0001:job-0001"

    @property
    def email(self) -> str:
        return "amara.1@example.com"

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        return {"prop-completion": "Completed", "prop-score": 71.5, "prop-ref": "ref-0001"}

    async def snapshot(self) -> object:
        return repr((self.sim.people, self.sim.messages))

    async def lose_next_answer(self) -> None:
        self.sim.faults.lose = 1

    async def stages(self) -> tuple[Stage, ...]:
        plain = {status: status.replace("_", " ").capitalize() for status in STATUSES}
        below = {"IN_REVIEW": ["CV review"], "INTERVIEW": ["First interview", "Team interview"]}
        return tuple(Stage(id=status, name=name, kind=ENDS.get(status)) for status, name in plain.items()) + tuple(
            Stage(id=f"{status}/{name}", name=f"{plain[status]}: {name}")
            for status, names in below.items()
            for name in names
        )

    async def job_closed(self) -> None:
        self.sim.job_status["job-0001"] = "FILLED"
        # A closed job is no change of its candidates here; a recruiter's move is.
        self.sim.move("cand-0001", "job-0001", "IN_REVIEW")


@asynccontextmanager
async def running(sim: Simulator | None = None) -> AsyncIterator[SmartRecruitersWorld]:
    """A simulated account over loopback HTTP."""
    account = sim or Simulator()
    async with serving(account.gate) as base_url:
        yield SmartRecruitersWorld(base_url, account)


def sign(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    head = {"event-id": "8c1e0041", "event-name": "application.status.updated", "event-version": "v201910"}
    if body == UNKNOWN:
        head["event-name"] = "offer.created"
    try:
        ids = msgspec.json.decode(body, type=dict[str, str])
        head["link"] = (
            f"<https://api.smartrecruiters.com/candidates/{ids['candidate_id']}/jobs/{ids['job_id']}>; rel=self"
        )
    except (msgspec.DecodeError, KeyError, UnicodeDecodeError):
        # The vendor names what its body names; where that is broken, there is nothing to link to.
        pass
    return signed([secret], at=at, body=body, head={name: value for name, value in head.items() if value.isascii()})


SMARTRECRUITERS_CASE = Case(
    key="smartrecruiters",
    tells_applied=True,
    window=WINDOW,
    sign=sign,
    stage_changed=STAGE_CHANGED,
    unknown=UNKNOWN,
    running=running,
    credentials={"api_key": KEY},
    sample_id="cand-0001:job-0001",
    terminal_kinds=frozenset({StageKind.HIRED, StageKind.REJECTED, StageKind.WITHDRAWN}),
)
