"""A chat-completions endpoint: one question, one raw answer, errors as `GradingFailed`. It logs nothing that passes.

Whoever asks a model does it here: the grader of interviews, and the evaluation of answers.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

import openai
from msgspec import Struct
from openai.types.chat import ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema

from orchestrator.domain.doctor_facts import ServiceState
from orchestrator.errors import GradingFailed
from orchestrator.grading.question import ask_endpoint

CALL_SECONDS = 60.0
CONCURRENCY = 4
_RETRYABLE_STATUS = frozenset({408, 409, 425, 429})
_SERVER_ERROR = 500


class ChatCall(Struct, frozen=True, kw_only=True):
    """One question. ``schema`` is the JSON schema that the answer must follow; None leaves a parameter to the model."""

    model: str
    system: str
    user: str
    name: str
    schema: Mapping[str, object]
    temperature: float | None = 0.0
    seed: int | None = None


class ChatEndpoint:
    """An OpenAI-compatible endpoint. ``timeout`` is the deadline of one call in seconds; ``concurrency`` counts calls at once."""

    def __init__(
        self, client: openai.AsyncOpenAI, *, timeout: float = CALL_SECONDS, concurrency: int = CONCURRENCY
    ) -> None:
        self._client = client
        self.timeout = timeout
        self.concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)

    async def ask(self, call: ChatCall, *, begin: Callable[[], None] | None = None) -> bytes:
        """The body of the answer as it came; ``begin`` is called once the call has its place among those at once.

        Raises:
            GradingFailed: no answer in time, or an error status; ``retryable`` says whether to ask again.
        """
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": call.system},
            {"role": "user", "content": call.user},
        ]
        try:
            async with self._slots, asyncio.timeout(self.timeout):
                if begin is not None:
                    begin()
                response = await self._client.chat.completions.with_raw_response.create(
                    model=call.model,
                    messages=messages,
                    response_format=_response_format(call),
                    temperature=openai.omit if call.temperature is None else call.temperature,
                    seed=openai.omit if call.seed is None else call.seed,
                )
        except openai.APIStatusError as error:
            raise _refused_by_endpoint(error) from None
        except (openai.APIConnectionError, TimeoutError) as error:
            raise GradingFailed(f"no answer from the model ({type(error).__name__})", retryable=True) from None
        return response.content

    async def knows(self, model: str) -> ServiceState:
        """Ask whether it takes our key and knows the model; nothing is paid for."""
        return await ask_endpoint(self._client, model)

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.close()


def chat_endpoint(
    *, base_url: str, api_key: str, timeout: float = CALL_SECONDS, concurrency: int = CONCURRENCY
) -> ChatEndpoint:
    """Build an endpoint with a client of its own."""
    # At DEBUG the library logs whole requests: no setting may bring a candidate's words into a log.
    logging.getLogger("openai").setLevel(logging.WARNING)
    client = openai.AsyncOpenAI(base_url=base_url, api_key=api_key, timeout=timeout, max_retries=0)
    return ChatEndpoint(client, timeout=timeout, concurrency=concurrency)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks us to wait (Retry-After as seconds or as a date); None where it does not say.

    A date is measured against the answer's own Date, so that neither side's clock matters.
    """
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, headers.get("date", ""))
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _seconds_until(date: str, now: str) -> float:
    try:
        return (parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError):
        return math.nan


def _refused_by_endpoint(error: openai.APIStatusError) -> GradingFailed:
    status = error.status_code
    return GradingFailed(
        f"the model endpoint answered {status}",
        retryable=status in _RETRYABLE_STATUS or status >= _SERVER_ERROR,
        retry_after=retry_after(error.response.headers),
    )


def _response_format(call: ChatCall) -> ResponseFormatJSONSchema:
    return {"type": "json_schema", "json_schema": {"name": call.name, "strict": True, "schema": dict(call.schema)}}
