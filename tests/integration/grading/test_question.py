"""Asking a model's endpoint how it is, over real HTTP: every answer has its name, and nothing is graded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State

from orchestrator.domain.doctor_facts import ServiceState
from orchestrator.grading.embedded import EmbeddedGrader
from orchestrator.grading.model import model_grader
from orchestrator.ports import Questionable
from tests.fixtures.house import free_port
from tests.fixtures.sandbox import serving

KEY = "a-model-key"
LISTED = b'{"object": "list", "data": [{"id": "m-1", "object": "model"}, {"id": "llama:8b"}]}'


@asynccontextmanager
async def endpoint(status: int = 200, body: bytes = LISTED) -> AsyncIterator[str]:
    """An endpoint that answers the list of models so; its address."""

    @get("/v1/models")
    async def models(request: Request[None, None, State]) -> Response[bytes]:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        return Response(body, status_code=status, media_type="application/json")

    async with serving(Litestar([models], openapi_config=None, logging_config=None)) as base_url:
        yield f"{base_url}/v1"


async def asked(base_url: str, *, model: str = "m-1") -> ServiceState:
    grader = model_grader(base_url=base_url, api_key=KEY, model=model)
    try:
        assert isinstance(grader, Questionable)
        return await grader.question()
    finally:
        await grader.aclose()


@pytest.mark.parametrize("model", ["m-1", "llama:8b", "llama"])
async def test_a_listed_model_is_fine(model: str) -> None:
    """By its name, with or without the version behind the colon."""
    async with endpoint() as base_url:
        assert await asked(base_url, model=model) is ServiceState.FINE


async def test_a_model_that_is_not_listed_is_unknown() -> None:
    """The name is compared letter by letter."""
    async with endpoint() as base_url:
        assert await asked(base_url, model="M-1") is ServiceState.UNKNOWN


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (401, ServiceState.KEY_REFUSED),
        (403, ServiceState.KEY_REFUSED),
        (404, ServiceState.FINE),
        (429, ServiceState.FINE),
        (503, ServiceState.UNREACHABLE),
    ],
)
async def test_what_a_status_means(status: int, state: ServiceState) -> None:
    """A key that is refused is told; an endpoint that keeps no list answers, and that is enough."""
    async with endpoint(status, b"{}") as base_url:
        assert await asked(base_url) is state


@pytest.mark.parametrize("body", [b"no json", b'{"data": 7}', b'{"data": []}', b"{}"])
async def test_a_list_that_cannot_be_read_says_nothing_of_the_model(body: bytes) -> None:
    """It answered and took the key."""
    async with endpoint(body=body) as base_url:
        assert await asked(base_url) is ServiceState.FINE


async def test_nobody_there() -> None:
    """A closed port."""
    assert await asked(f"http://127.0.0.1:{free_port()}/v1") is ServiceState.UNREACHABLE


def test_the_embedded_grader_has_nothing_to_ask() -> None:
    """It is always there."""
    assert not isinstance(EmbeddedGrader(), Questionable)
