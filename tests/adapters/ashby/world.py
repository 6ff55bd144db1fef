"""Ashby as the conformance suite sees it: the model of Ashby over loopback."""

import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from adapters.contract.errors import AuthRejected
from adapters.contract.model import FieldValue, Stage, StageKind
from tests.adapters.ashby.simulator import EVERYTHING, STAGES, Ashby, create_app, signed, uid
from tests.adapters.case import Case
from tests.fixtures.sandbox import serving

API_KEY = "ashby-key-for-tests-0001"
PAYLOADS = Path(__file__).parent / "payloads"
WRITES = ("/candidate.createNote", "/customField.setValues")
DENIED = b'{"success":false,"errors":[{"message":"missing_endpoint_permission","parameter":"-"}]}'


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


@dataclass
class AshbyWorld:
    """One application of a small organisation."""

    ashby: Ashby
    base_url: str

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"api_key": API_KEY}

    @property
    def moving_credentials(self) -> Mapping[str, str]:
        return self.credentials

    @property
    def application_id(self) -> str:
        return uid("application Ada Quill0")

    @property
    def email(self) -> str:
        return "ada0@example.org"

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        link = "https://evenhand.example.org/results/1"
        return {
            uid("field AI interview band"): "Solid evidence",
            uid("field AI interview score"): 71.5,
            uid("field AI interview link"): link,
        }

    async def snapshot(self) -> object:
        return copy.deepcopy((self.ashby.applications, self.ashby.history, self.ashby.notes))

    async def lose_next_answer(self) -> None:
        self.ashby.faults.lose = 1

    async def stages(self) -> tuple[Stage, ...]:
        kinds = {"Hired": StageKind.HIRED, "Archived": StageKind.ARCHIVED}
        return tuple(Stage(id=uid(f"stage {title}"), name=title, kind=kinds.get(kind)) for title, kind in STAGES)

    async def job_closed(self) -> None:
        self.ashby.job_status = "Closed"
        self.ashby.touch(self.application_id)


@asynccontextmanager
async def running_world() -> AsyncIterator[AshbyWorld]:
    ashby = Ashby(keys={API_KEY: EVERYTHING})
    async with serving(create_app(ashby)) as base_url:
        yield AshbyWorld(ashby, base_url)


def sign(body: bytes, secret: str, _at: datetime) -> dict[str, str]:
    return {name.lower(): value for name, value in signed(body, secret).items()}


def changes(request: httpx.Request) -> bool:
    return request.url.path in WRITES


ASHBY_CASE = Case(
    key="ashby",
    sign=sign,
    stage_changed=payload("candidate-stage-change"),
    ping=payload("ping"),
    unknown=payload("offer-update"),
    running=running_world,
    credentials={"api_key": API_KEY},
    permission_body=DENIED,
    permission_scope="candidatesRead",
    # A revoked key is answered so too, and only a missing permission is named.
    permanent={403: AuthRejected},
    instead={
        uid("field AI interview band"): "Mixed evidence",
        uid("field AI interview score"): 40,
        uid("field AI interview link"): "https://evenhand.example.org/results/2",
    },
    changes=changes,
    sample_id=uid("application Ada Quill0"),
    terminal_kinds=frozenset({StageKind.HIRED, StageKind.ARCHIVED}),
)
