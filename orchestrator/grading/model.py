"""The model grader: any OpenAI-compatible endpoint, one competency per call, k samples, answers held to a schema.

It sends the rubric and the blinded transcript of the `GradingRequest` and nothing else (N8), and logs nothing that it
sends or receives. Retries over time belong to the work engine; here one unusable answer is asked for once more.
"""

import asyncio
import logging
import math
import secrets
from collections.abc import Coroutine, Mapping, Sequence
from email.utils import parsedate_to_datetime

import openai
from msgspec import Struct, field
from openai.types.chat import ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema

from orchestrator.domain.doctor_facts import ServiceState
from orchestrator.domain.scorecard import NO_ANSWER
from orchestrator.domain.scoring import CompetencyClaim, Rater, RaterKind, Usage
from orchestrator.errors import GradingFailed
from orchestrator.grading.answer import AnswerInvalid, read_claim, read_completion, read_usage
from orchestrator.grading.prompting import indicator_ids, prompt_for, prompt_hash, reply_schema
from orchestrator.grading.question import ask_endpoint
from orchestrator.ports import GradingReply, GradingRequest
from rubrics.schema import Competency

CALL_SECONDS = 60.0
CONCURRENCY = 4
TRIES = 2
_RETRYABLE_STATUS = frozenset({408, 409, 425, 429})
_SERVER_ERROR = 500


class _Tally(Struct):
    """What one grading used so far, over all its calls."""

    usages: list[Usage] = field(default_factory=list)
    models: set[str] = field(default_factory=set)

    def total(self) -> Usage:
        return Usage(
            requests=sum(usage.requests for usage in self.usages),
            input_tokens=sum(usage.input_tokens for usage in self.usages),
            output_tokens=sum(usage.output_tokens for usage in self.usages),
        )


class ModelGrader:
    """Grades through a chat-completions endpoint.

    ``timeout`` is the deadline of one call in seconds; ``concurrency`` is how many calls are under way at once, over all
    interviews that this grader is given: there is one in each process, so the endpoint sees processes × concurrency.
    """

    provisional = False

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        model: str,
        *,
        samples: int = 1,
        temperature: float | None = 0.0,
        seed: int | None = None,
        timeout: float = CALL_SECONDS,
        concurrency: int = CONCURRENCY,
    ) -> None:
        self._client = client
        self._model = model
        self._samples = samples
        self._temperature = temperature
        self._seed = seed
        self._timeout = timeout
        self._slots = asyncio.Semaphore(concurrency)

    async def grade(self, request: GradingRequest) -> GradingReply:
        """Grade every competency, as often as the grader or the request asks, whichever is more.

        Raises:
            GradingFailed: a call failed, or was answered unusably twice; ``retryable`` says whether to ask again.
        """
        samples = max(self._samples, request.samples)
        tally = _Tally()
        if any(turn.text.strip() for turn in request.transcript.candidate_turns):
            claims = await self._ask_all(request, samples, tally)
        else:
            claims = [_silence(competency) for competency in request.rubric.competencies] * samples
        width = len(request.rubric.competencies)
        return GradingReply(
            rater=self._rater(samples, tally),
            samples=tuple(tuple(claims[start : start + width]) for start in range(0, len(claims), width)),
        )

    async def question(self) -> ServiceState:
        """Ask the endpoint whether it takes our key and knows the model; nothing is graded."""
        return await ask_endpoint(self._client, self._model)

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.close()

    async def _ask_all(self, request: GradingRequest, samples: int, tally: _Tally) -> Sequence[CompetencyClaim]:
        return await _all_or_none(
            [
                self._claim(request, competency, sample, samples, tally)
                for sample in range(samples)
                for competency in request.rubric.competencies
            ]
        )

    async def _claim(
        self, request: GradingRequest, competency: Competency, sample: int, samples: int, tally: _Tally
    ) -> CompetencyClaim:
        for attempt in range(TRIES):
            # Another seed each time: the same one would give the same unusable answer.
            seed = None if self._seed is None else self._seed + sample + attempt * samples
            async with self._slots:
                body = await self._complete(request, competency, descending=bool(sample % 2), seed=seed)
            tally.usages.append(read_usage(body))
            try:
                answered = read_completion(body)
                claim = read_claim(answered, competency)
            except AnswerInvalid as error:
                unusable = str(error)
                continue
            tally.models.add(answered.model)
            return claim
        raise GradingFailed(f"{unusable} ({competency.id}, asked {TRIES} times)", retryable=True)

    async def _complete(
        self, request: GradingRequest, competency: Competency, *, descending: bool, seed: int | None
    ) -> bytes:
        boundary = f"transcript-{secrets.token_hex(8)}"
        prompt = prompt_for(request.rubric, competency, request.transcript, boundary=boundary, descending=descending)
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.chat.completions.with_raw_response.create(
                    model=self._model,
                    messages=messages,
                    response_format=_response_format(competency),
                    temperature=openai.omit if self._temperature is None else self._temperature,
                    seed=openai.omit if seed is None else seed,
                )
        except openai.APIStatusError as error:
            raise _refused_by_endpoint(error) from None
        except (openai.APIConnectionError, TimeoutError) as error:
            raise GradingFailed(f"no answer from the model ({type(error).__name__})", retryable=True) from None
        return response.content

    def _rater(self, samples: int, tally: _Tally) -> Rater:
        return Rater(
            kind=RaterKind.MODEL,
            name=self._model,
            prompt_hash=prompt_hash(),
            parameters={
                "samples": samples,
                "temperature": self._temperature,
                "seed": self._seed,
                "answered_by": ", ".join(sorted(filter(None, tally.models))) or None,
            },
            usage=tally.total(),
        )


def model_grader(
    *,
    base_url: str,
    api_key: str,
    model: str,
    samples: int = 1,
    temperature: float | None = 0.0,
    seed: int | None = None,
    timeout: float = CALL_SECONDS,
    concurrency: int = CONCURRENCY,
) -> ModelGrader:
    """Build a grader with a client of its own. ``timeout`` is in seconds, per call; ``concurrency`` counts calls at once."""
    # At DEBUG the library logs whole requests: no setting may bring a candidate's words into a log.
    logging.getLogger("openai").setLevel(logging.WARNING)
    client = openai.AsyncOpenAI(base_url=base_url, api_key=api_key, timeout=timeout, max_retries=0)
    return ModelGrader(
        client,
        model,
        samples=samples,
        temperature=temperature,
        seed=seed,
        timeout=timeout,
        concurrency=concurrency,
    )


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


def _response_format(competency: Competency) -> ResponseFormatJSONSchema:
    return {
        "type": "json_schema",
        "json_schema": {
            "name": competency.id,
            "strict": True,
            "schema": dict(reply_schema(indicator_ids(competency))),
        },
    }


def _silence(competency: Competency) -> CompetencyClaim:
    return CompetencyClaim(competency=competency.id, level=None, reason=NO_ANSWER)


async def _all_or_none(calls: Sequence[Coroutine[None, None, CompetencyClaim]]) -> Sequence[CompetencyClaim]:
    """Await all calls in order; the first failure ends the others, which would only cost money."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
