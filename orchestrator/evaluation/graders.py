"""The graders that a labelled set can be put to: the embedded one, a live model, and a model's recording."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from msgspec import structs

from orchestrator.domain.scoring import Usage
from orchestrator.errors import ConfigurationInvalid, GradingFailed
from orchestrator.evaluation.items import Item
from orchestrator.evaluation.prompting import prompt_for, prompt_hash, read_reply, reply_schema, words_hash
from orchestrator.evaluation.recording import Recorder, Recording, Reply
from orchestrator.evaluation.verdict import GraderFacts, Verdict
from orchestrator.evaluation.wanted import EMBEDDED, OPENAI
from orchestrator.grading.account import speaks_to_a_grader
from orchestrator.grading.answer import Answered, AnswerInvalid, read_completion, read_usage
from orchestrator.grading.budget import total
from orchestrator.grading.chat import ChatCall, ChatEndpoint
from orchestrator.grading.reference import ReferenceRequest, grade_reference
from orchestrator.grading.vote import model_names

TRIES = 2
PATIENCE = 4
LONGEST_PAUSE = 60.0
"""Seconds."""
REFUSED = "refused"
POSSIBLE_INJECTION = "possible_injection"


class EmbeddedSetGrader:
    """The grader without a key and without a network; every sample of it is the same."""

    facts = GraderFacts(kind=EMBEDDED)

    async def grade(self, item: Item, sample: int) -> Verdict:  # noqa: ARG002 - it has no dice, as the protocol allows
        """Grade one answer."""
        reply = grade_reference(
            ReferenceRequest(
                question=item.question, reference=item.reference, answer=item.answer, max_level=item.max_level
            )
        )
        return Verdict(
            level=reply.level,
            value=None if reply.level is None else value_of(reply.score, item.max_level),
            quotes=len(reply.quotes),
            fabricated=sum(quote not in item.answer for quote in reply.quotes),
            flagged=reply.flagged,
        )

    async def aclose(self) -> None:
        """Nothing to release."""


class ModelSetGrader:
    """A model behind an OpenAI-compatible endpoint. With a ``recorder`` every reply is kept as it came.

    ``model`` is a name, or several with commas between, which take turns over the samples, as they do in the product.
    """

    def __init__(
        self,
        endpoint: ChatEndpoint,
        model: str,
        *,
        temperature: float | None = 0.0,
        seed: int | None = None,
        recorder: Recorder | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._endpoint = endpoint
        self._model = model
        self._names = model_names(model)
        self._temperature = temperature
        self._seed = seed
        self._recorder = recorder
        self._pause = pause
        self._answered_by: set[str] = set()

    @property
    def facts(self) -> GraderFacts:
        """The model as it was asked for, and the names under which it answered."""
        return GraderFacts(
            kind=OPENAI,
            model=self._model,
            answered_by=tuple(sorted(filter(None, self._answered_by))),
            prompt_hash=prompt_hash(),
            parameters=parameters(temperature=self._temperature, seed=self._seed),
        )

    async def grade(self, item: Item, sample: int) -> Verdict:
        """Ask, and once more if the reply cannot be used; only the last reply is recorded.

        Raises:
            GradingFailed: nothing came back.
        """
        answered, verdict = await self._ask(item, sample)
        if self._recorder is not None:
            self._recorder.add(_kept(item, sample, answered, verdict.usage))
        if answered is not None:
            self._answered_by.add(answered.model)
        return verdict

    async def aclose(self) -> None:
        """Release connections and end the recording."""
        await self._endpoint.aclose()
        if self._recorder is not None:
            self._recorder.close()

    async def _ask(self, item: Item, sample: int) -> tuple[Answered | None, Verdict]:
        answered: Answered | None = None
        spent: list[Usage] = []
        for attempt in range(TRIES):
            body = await self._patiently(self._call(item, sample, attempt))
            spent.append(read_usage(body))
            try:
                answered = structs.replace(read_completion(body), usage=total(spent, None))
                return answered, _verdict(answered, item)
            except AnswerInvalid:
                continue
        return answered, _unusable(total(spent, None))

    async def _patiently(self, call: ChatCall) -> bytes:
        """Ask until something comes back: one refusal must not waste all that was paid for before."""
        for attempt in range(PATIENCE):
            try:
                return await self._endpoint.ask(call)
            except GradingFailed as error:
                if not error.retryable:
                    raise
                await self._pause(min(error.retry_after or 2.0**attempt, LONGEST_PAUSE))
        return await self._endpoint.ask(call)

    def _call(self, item: Item, sample: int, attempt: int) -> ChatCall:
        prompt = prompt_for(item, boundary=f"answer-{secrets.token_hex(8)}")
        return ChatCall(
            model=self._names[sample % len(self._names)],
            system=prompt.system,
            user=prompt.user,
            name="verdict",
            schema=reply_schema(item.max_level),
            temperature=self._temperature,
            # Another seed each time: the same one would give the same unusable reply.
            seed=None if self._seed is None else self._seed + sample * TRIES + attempt,
        )


class ReplayedSetGrader:
    """A recording in place of the model that it was made of."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    @property
    def facts(self) -> GraderFacts:
        """What the recording says of itself."""
        header = self._recording.header
        return GraderFacts(
            kind=OPENAI,
            model=header.model,
            answered_by=tuple(sorted({r.answered_by for r in self._recording.replies.values() if r.answered_by})),
            prompt_hash=header.prompt_hash,
            weights=header.weights,
            parameters=header.parameters,
            recorded_on=header.recorded_on,
        )

    async def grade(self, item: Item, sample: int) -> Verdict:
        """Look the reply up.

        Raises:
            ConfigurationInvalid: the item was not recorded, or the model was told other words than these.
        """
        reply = self._recording.replies.get((item.id, sample))
        if reply is None:
            raise ConfigurationInvalid([f"the recording has no sample {sample + 1} of item {item.id}"])
        if reply.words != words_hash(item):
            raise ConfigurationInvalid([f"item {item.id} was recorded with other words or another prompt"])
        if reply.text is None:
            return _unusable(reply.usage)
        answered = Answered(content=reply.text, refused=reply.refused, usage=reply.usage, model=reply.answered_by)
        try:
            return _verdict(answered, item)
        except AnswerInvalid:
            return _unusable(reply.usage)

    async def aclose(self) -> None:
        """Nothing to release."""


def value_of(score: float, max_level: int) -> float:
    """The place of a score on the level scale, where levels are equal parts of the score: their middles are whole."""
    return min(max(score * (max_level + 1) - 0.5, 0.0), float(max_level))


def parameters(*, temperature: float | None, seed: int | None) -> dict[str, str | int | float | None]:
    """The parameters that a reply depends on."""
    return {"temperature": temperature, "seed": seed}


def _verdict(answered: Answered, item: Item) -> Verdict:
    if answered.refused:
        return Verdict(level=None, value=None, flagged=(REFUSED,), usage=answered.usage)
    flagged = (POSSIBLE_INJECTION,) if speaks_to_a_grader(item.answer) else ()
    return structs.replace(read_reply(answered.content, item), flagged=flagged, usage=answered.usage)


def _unusable(usage: Usage) -> Verdict:
    return Verdict(level=None, value=None, unusable=True, usage=usage)


def _kept(item: Item, sample: int, answered: Answered | None, usage: Usage) -> Reply:
    return Reply(
        id=item.id,
        sample=sample,
        words=words_hash(item),
        text=None if answered is None else answered.content,
        refused=answered is not None and answered.refused,
        answered_by="" if answered is None else answered.model,
        usage=usage,
    )
