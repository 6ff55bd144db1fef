"""The model grader: any OpenAI-compatible endpoint, one competency per call, k samples, answers held to a schema.

It sends the rubric and the blinded transcript of the `GradingRequest` and nothing else (N8), and logs nothing that it
sends or receives. Retries over time belong to the work engine; here one unusable answer is asked for once more.
"""

from collections.abc import Coroutine, Sequence

import msgspec
from msgspec import Struct, field, structs

from orchestrator.domain.doctor_facts import ServiceState
from orchestrator.domain.scorecard import NO_ANSWER
from orchestrator.domain.scoring import CompetencyClaim, Rater, RaterKind, Usage
from orchestrator.errors import GradingFailed
from orchestrator.grading.answer import AnswerInvalid, echoes, read_claim, read_completion, read_usage
from orchestrator.grading.budget import Budget, FailedAfterCalls, Prices, total
from orchestrator.grading.chat import CALL_SECONDS, CONCURRENCY, ChatCall, ChatEndpoint, chat_endpoint
from orchestrator.grading.prompting import Layout, Prompt, indicator_ids, prompt_for, prompt_hash, reply_schema
from orchestrator.grading.together import all_or_none
from orchestrator.grading.vote import Ballot, ballots, model_names
from orchestrator.ports import GradingReply, GradingRequest
from rubrics.schema import Competency

TRIES = 2


class Sampling(Struct, frozen=True, kw_only=True):
    """How a grader asks: which models take turns, how often, how, and within which budget for one interview."""

    models: tuple[str, ...]
    samples: int = 1
    temperature: float | None = 0.0
    seed: int | None = None
    tokens: int | None = None
    prices: Prices | None = None


class _Course(Struct):
    """One grading under way: what it asks and what it used so far, over all its calls."""

    request: GradingRequest
    ballots: tuple[Ballot, ...]
    budget: Budget
    usages: list[Usage] = field(default_factory=list)
    answered_by: set[str] = field(default_factory=set)


class ModelGrader:
    """Grades through a chat-completions endpoint.

    The endpoint's ``concurrency`` is how many calls are under way at once, over all interviews that this grader is given:
    there is one in each process, so the endpoint sees processes × concurrency.
    """

    provisional = False

    def __init__(self, endpoint: ChatEndpoint, sampling: Sampling) -> None:
        self._endpoint = endpoint
        self._sampling = sampling

    async def grade(self, request: GradingRequest) -> GradingReply:
        """Grade every competency, as often as the grader or the request asks, whichever is more.

        Raises:
            GradingFailed: a call failed, or was answered unusably twice, or the interview would take more tokens than it
                may; ``retryable`` says whether to ask again. Where calls were answered before, it is `FailedAfterCalls`.
        """
        how = self._sampling
        samples = max(how.samples, request.samples)
        course = _Course(
            request, ballots(how.models, samples, seed=how.seed), Budget(how.tokens, spent=request.spent_tokens)
        )
        competencies = request.rubric.competencies
        if any(turn.text.strip() for turn in request.transcript.candidate_turns):
            calls = [
                self._claim(course, competency, ballot) for ballot in course.ballots for competency in competencies
            ]
            claims = await self._counted(course, calls)
        else:
            claims = [_silence(competency) for competency in competencies] * len(course.ballots)
        width = len(competencies)
        return GradingReply(
            rater=self._rater(course),
            samples=tuple(tuple(claims[start : start + width]) for start in range(0, len(claims), width)),
        )

    async def question(self) -> ServiceState:
        """Ask the endpoint whether it takes our key and knows every model; nothing is graded."""
        states = [await self._endpoint.knows(model) for model in self._sampling.models]
        return next((state for state in states if state is not ServiceState.FINE), ServiceState.FINE)

    async def aclose(self) -> None:
        """Release connections."""
        await self._endpoint.aclose()

    async def _counted(
        self, course: _Course, calls: Sequence[Coroutine[None, None, CompetencyClaim]]
    ) -> Sequence[CompetencyClaim]:
        """Await all calls; where they fail, what was answered until then is counted all the same."""
        try:
            return await all_or_none(calls)
        except GradingFailed as error:
            if not course.usages:
                raise
            raise FailedAfterCalls(error, total(course.usages, self._sampling.prices)) from error

    async def _claim(self, course: _Course, competency: Competency, ballot: Ballot) -> CompetencyClaim:
        for attempt in range(TRIES):
            prompt = prompt_for(
                course.request.rubric, competency, course.request.transcript, Layout.fresh(ballot.order)
            )
            body = await self._ask(course, competency, ballot, prompt, attempt)
            try:
                answered = read_completion(body)
                if echoes(answered, prompt.secrets):
                    return CompetencyClaim(competency=competency.id, level=None, model=ballot.model, echoed=True)
                claim = read_claim(answered, competency)
            except AnswerInvalid as error:
                unusable = str(error)
                continue
            course.answered_by.add(answered.model)
            return structs.replace(claim, model=ballot.model)
        raise GradingFailed(f"{unusable} ({competency.id}, asked {TRIES} times)", retryable=True)

    async def _ask(
        self, course: _Course, competency: Competency, ballot: Ballot, prompt: Prompt, attempt: int
    ) -> bytes:
        # Another seed each time: the same one would give the same unusable answer.
        seed = None if ballot.seed is None else ballot.seed + attempt * len(course.ballots)
        schema = reply_schema(indicator_ids(competency, ballot.order))
        estimate = 0

        def begin() -> None:
            # Not before: what waits for its place would be held against calls that are cheaper than was feared.
            nonlocal estimate
            estimate = course.budget.hold(prompt.system, prompt.user, msgspec.json.encode(schema).decode())

        body = await self._endpoint.ask(
            ChatCall(
                model=ballot.model,
                system=prompt.system,
                user=prompt.user,
                name=competency.id,
                schema=schema,
                temperature=self._sampling.temperature,
                seed=seed,
            ),
            begin=begin,
        )
        usage = read_usage(body)
        course.budget.settle(estimate, usage)
        course.usages.append(usage)
        return body

    def _rater(self, course: _Course) -> Rater:
        how = self._sampling
        return Rater(
            kind=RaterKind.MODEL,
            name=", ".join(how.models),
            prompt_hash=prompt_hash(),
            parameters={
                "samples": len(course.ballots),
                "sampled_by": ", ".join(ballot.model for ballot in course.ballots),
                "anchor_orders": " ".join("".join(map(str, ballot.order)) for ballot in course.ballots),
                "temperature": how.temperature,
                "seed": how.seed,
                "answered_by": ", ".join(sorted(filter(None, course.answered_by))) or None,
                "call_seconds": self._endpoint.timeout,
                "concurrency": self._endpoint.concurrency,
                "token_budget": how.tokens,
            },
            usage=total(course.usages, how.prices),
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
    tokens: int | None = None,
    prices: Prices | None = None,
) -> ModelGrader:
    """Build a grader with a client of its own.

    ``model`` is a name, or several with commas between, which then take turns over the samples. ``timeout`` is in seconds,
    per call; ``concurrency`` counts calls at once; ``tokens`` is what one interview may take, in both directions.
    """
    endpoint = chat_endpoint(base_url=base_url, api_key=api_key, timeout=timeout, concurrency=concurrency)
    return ModelGrader(
        endpoint,
        Sampling(
            models=model_names(model), samples=samples, temperature=temperature, seed=seed, tokens=tokens, prices=prices
        ),
    )


def _silence(competency: Competency) -> CompetencyClaim:
    return CompetencyClaim(competency=competency.id, level=None, reason=NO_ANSWER)
