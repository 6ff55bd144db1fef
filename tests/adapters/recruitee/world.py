"""Recruitee as the conformance suite sees it: the simulator over loopback."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from adapters.contract.model import FieldValue, Stage, StageKind
from tests.adapters.case import Case
from tests.adapters.recruitee.simulator import COMPANY, STAGES, TOKEN, Recruitee, create_app
from tests.fixtures.sandbox import serving

PAYLOADS = Path(__file__).parent / "payloads"
CANDIDATE, OFFER, OTHER = 44, 101, 102
APPLICATION = f"{CANDIDATE}-{OFFER}"


@dataclass
class RecruiteeWorld:
    """One company with two jobs and three candidates, one of them in both."""

    vendor: Recruitee
    base_url: str

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"api_token": TOKEN}

    @property
    def moving_credentials(self) -> Mapping[str, str]:
        return self.credentials

    @property
    def application_id(self) -> str:
        return APPLICATION

    @property
    def email(self) -> str:
        return "ada.quill@example.org"

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        return {}

    async def snapshot(self) -> object:
        return json.dumps([self.vendor.candidates[CANDIDATE], self.vendor.notes[CANDIDATE]])

    async def lose_next_answer(self) -> None:
        self.vendor.lose = 1

    async def stages(self) -> tuple[Stage, ...]:
        return tuple(
            Stage(id=str(OFFER * 10 + place), name=name, kind=StageKind.HIRED if category == "hire" else None)
            for place, (name, category) in enumerate(STAGES)
        )

    async def job_closed(self) -> None:
        # A closed job changes no candidate here; what a poll must see is a candidate that changed.
        self.vendor.offers[OFFER]["status"] = "closed"
        self.vendor.move(CANDIDATE, OFFER, "Manager Review")


def company(*, limit: int = 1000) -> Recruitee:
    """A company that asks for no patience unless told otherwise."""
    vendor = Recruitee(limit=limit, now=datetime.now(UTC))
    vendor.add_offer(OFFER, "Data Engineer")
    vendor.add_offer(OTHER, "Support Agent", status="internal")
    vendor.add_candidate(CANDIDATE, OFFER, OTHER)
    vendor.add_candidate(45, OFFER)
    vendor.add_candidate(46)
    vendor.move(CANDIDATE, OFFER, "AI Interview")
    return vendor


@asynccontextmanager
async def running_world(vendor: Recruitee | None = None) -> AsyncIterator[RecruiteeWorld]:
    vendor = vendor or company()
    async with serving(create_app(vendor)) as base_url:
        yield RecruiteeWorld(vendor, base_url)


def sign(body: bytes, secret: str, _: datetime) -> dict[str, str]:
    return {name.lower(): value for name, value in Recruitee().signed(body, secret).items() if name.startswith("X-")}


RECRUITEE_CASE = Case(
    key="recruitee",
    tells_applied=True,
    sign=sign,
    stage_changed=(PAYLOADS / "stage_changed.json").read_bytes(),
    ping=(PAYLOADS / "test.json").read_bytes(),
    unknown=(PAYLOADS / "candidate_assigned.json").read_bytes(),
    running=running_world,
    credentials={"api_token": TOKEN},
    options={"company": COMPANY},
    base_url="https://api.recruitee.com",
    # Whether a delivery has an id is not known.
    delivery_ids=False,
    sample_id=APPLICATION,
    terminal_kinds=frozenset({StageKind.HIRED}),
    no_such_ids=("nobody", "..", "a b", "é", "44-", "44-999", "999-101", "44-101-1", "0-0", "٤٤-101"),
)
