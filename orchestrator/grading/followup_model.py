"""Choosing a follow-up with a model: it may pick one of the planned probes or none, and nothing else.

The candidate waits for the page meanwhile. Whatever does not come in time, is no planned probe or breaks the schema is
replaced by the embedded choice: a model never adds a question, and its trouble never costs one.
"""

import asyncio
import importlib.resources
import secrets
from collections.abc import Mapping
from functools import cache

import msgspec
import structlog
from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from msgspec import Struct

from orchestrator.errors import GradingFailed
from orchestrator.grading.answer import AnswerInvalid, read_completion
from orchestrator.grading.chat import CONCURRENCY, ChatCall, ChatEndpoint, chat_endpoint
from orchestrator.grading.followup import EmbeddedChooser, FollowUpRequest
from orchestrator.grading.prompting import turns_json

SECONDS = 3.0
"""How long a candidate's page waits for a model at most."""
NONE = "none"
_TEMPLATES = ("system.j2", "turns.j2")

log = structlog.get_logger(__name__)


class _Picked(Struct, frozen=True, forbid_unknown_fields=True):
    probe: str


class ModelChooser:
    """Asks a chat-completions endpoint which of the probes to ask; ``seconds`` is its deadline."""

    def __init__(self, endpoint: ChatEndpoint, model: str, *, seconds: float = SECONDS) -> None:
        self._endpoint = endpoint
        self._model = model
        self._seconds = seconds
        self._otherwise = EmbeddedChooser()

    async def choose(self, request: FollowUpRequest) -> str | None:
        """The model's pick, None where it says that nothing needs to be asked; the embedded choice where it fails."""
        if not request.found:
            return None
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._endpoint.ask(_call(request, self._model))
            return _read(body, request)
        except (GradingFailed, AnswerInvalid, TimeoutError) as error:
            # Never what was asked or answered: only that the rubric's own order decided.
            log.warning("follow_up.chosen_without_model", error=type(error).__name__)
            return await self._otherwise.choose(request)

    async def aclose(self) -> None:
        """Release connections."""
        await self._endpoint.aclose()


def model_chooser(*, base_url: str, api_key: str, model: str, concurrency: int = CONCURRENCY) -> ModelChooser:
    """Build a chooser with an endpoint of its own: it must not wait for a grading that is under way."""
    endpoint = chat_endpoint(base_url=base_url, api_key=api_key, timeout=SECONDS, concurrency=concurrency)
    return ModelChooser(endpoint, model)


def reply_schema(request: FollowUpRequest) -> Mapping[str, object]:
    """JSON schema of the answer: the id of one of the probes that may be asked, or "none"."""
    ids = [need.probe.id for need in request.found]
    return {
        "type": "object",
        "properties": {"probe": {"type": "string", "enum": [*ids, NONE]}},
        "required": ["probe"],
        "additionalProperties": False,
    }


def _call(request: FollowUpRequest, model: str) -> ChatCall:
    templates = _environment()
    return ChatCall(
        model=model,
        system=templates.get_template("system.j2").render(
            question=request.question, found=request.found, signs=request.signs
        ),
        user=templates.get_template("turns.j2").render(
            boundary=f"turns-{secrets.token_hex(8)}", turns=turns_json(request.transcript)
        ),
        name="follow-up",
        schema=reply_schema(request),
    )


def _read(body: bytes, request: FollowUpRequest) -> str | None:
    answered = read_completion(body)
    if answered.refused:
        raise AnswerInvalid("the model refused")
    try:
        picked = msgspec.json.decode(answered.content.encode(errors="replace"), type=_Picked).probe
    except msgspec.MsgspecError as error:
        raise AnswerInvalid("the model's answer does not follow the schema") from error
    if picked == NONE:
        return None
    if picked not in {need.probe.id for need in request.found}:
        raise AnswerInvalid("the model's answer names a follow-up that is not planned")
    return picked


@cache
def _environment() -> Environment:
    folder = importlib.resources.files("orchestrator.grading") / "follow_up_prompts"
    sources = {name: (folder / name).read_text(encoding="utf-8") for name in _TEMPLATES}
    # Prompts are plain text: escaping for HTML would change what the candidate said.
    return Environment(
        loader=DictLoader(sources), autoescape=select_autoescape(()), undefined=StrictUndefined, trim_blocks=True
    )
