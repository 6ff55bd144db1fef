"""A question to the model's endpoint that costs nothing: does it answer, take the key, and know the model?"""

import asyncio
from http import HTTPStatus

import msgspec
import openai
from msgspec import Struct

from orchestrator.domain.doctor_facts import ServiceState

SECONDS = 15.0
_NO_KEY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class _Model(Struct, frozen=True):
    id: str


class _Models(Struct, frozen=True):
    data: tuple[_Model, ...] = ()


async def ask_endpoint(client: openai.AsyncOpenAI, model: str) -> ServiceState:
    """Ask for the list of models. An endpoint that keeps none answers all the same, and that is enough."""
    try:
        async with asyncio.timeout(SECONDS):
            answer = await client.models.with_raw_response.list()
        listed = msgspec.json.decode(answer.content, type=_Models)
    except openai.APIStatusError as error:
        if error.status_code in _NO_KEY:
            return ServiceState.KEY_REFUSED
        broken = error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        return ServiceState.UNREACHABLE if broken else ServiceState.FINE
    except (openai.APIConnectionError, TimeoutError):
        return ServiceState.UNREACHABLE
    except msgspec.MsgspecError:
        return ServiceState.FINE
    # Some name a version behind a colon, which may be left out.
    names = {name for one in listed.data for name in (one.id, one.id.partition(":")[0])}
    return ServiceState.UNKNOWN if names and model not in names else ServiceState.FINE
