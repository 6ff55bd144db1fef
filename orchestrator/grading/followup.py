"""Choosing a follow-up without a model: what a probe asks for, and what the answers show of it, by the rubric's own words.

A probe asks for the indicators of its question's competencies that share the rarest words with its ``asks_for``. An answer
shows an indicator when one of its sentences says one of the indicator's cues. Both are the same for every candidate.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

from msgspec import Struct

from orchestrator.domain.followups import Need, needs
from orchestrator.domain.transcript import Transcript
from orchestrator.grading.wording import Sentence, says, sentences, stems
from rubrics.schema import Indicator, Probe, Question, Rubric

LOWEST = 3
"""Nobody is asked for signs of a lower level."""
CLOSE = 2 / 3
"""An indicator counts where it shares at least so much with the probe as the one that shares most."""


class FollowUpRequest(Struct, frozen=True, kw_only=True):
    """What a chooser sees: the question, the blinded turns that belong to it, and what could be asked, best first.

    ``signs`` gives the text of each indicator that a probe in ``found`` asks for, by id.
    """

    question: Question
    transcript: Transcript
    found: tuple[Need, ...]
    signs: Mapping[str, str] = {}


class Chooser(Protocol):
    """Picks among the probes that could be asked. Implementations: embedded, and any OpenAI-compatible endpoint."""

    async def choose(self, request: FollowUpRequest) -> str | None:
        """The id of one of the probes in ``found``, or None where nothing needs to be asked. Never raises."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


class EmbeddedChooser:
    """Takes what is needed most by the rubric's cues; no network, and the same each time."""

    async def choose(self, request: FollowUpRequest) -> str | None:
        """The first of what could be asked."""
        return request.found[0].probe.id if request.found else None

    async def aclose(self) -> None:
        """Nothing to release."""


def needs_of(rubric: Rubric, question: Question, transcript: Transcript, *, asked: frozenset[str]) -> tuple[Need, ...]:
    """What could be asked about a question after these blinded answers to it; ``asked`` are ids of probes."""
    texts = tuple(turn.text for turn in transcript.candidate_turns if turn.question_id == question.id)
    targets = {probe.id: targets_of(rubric, question, probe) for probe in question.probes}
    return needs(rubric, question, targets=targets, shown=_shown(rubric, question, texts), asked=asked)


def follow_up_request(
    rubric: Rubric, question: Question, transcript: Transcript, found: tuple[Need, ...]
) -> FollowUpRequest:
    """Lay out what a chooser sees; of the rubric only the question and what the probes ask for."""
    signs = {one.id: one.text for one in _worth_asking(rubric, question)}
    return FollowUpRequest(question=question, transcript=transcript, found=found, signs=signs)


@lru_cache(maxsize=512)
def targets_of(rubric: Rubric, question: Question, probe: Probe) -> tuple[str, ...]:
    """Ids of the indicators that a probe asks for, in the rubric's order; those of all high levels where none is alike."""
    wanted = _content(probe.asks_for)
    words = {one.id: _content(f"{one.id.replace('-', ' ')} {one.text}") for one in _worth_asking(rubric, question)}
    spread = {stem: sum(stem in held for held in words.values()) for stem in wanted}
    telling = {stem: 1 / count for stem, count in spread.items() if count}
    alike = {one: sum(telling.get(stem, 0.0) for stem in held & wanted) for one, held in words.items()}
    most = max(alike.values(), default=0.0)
    return tuple(one for one, share in alike.items() if not most or share >= CLOSE * most)


def _content(text: str) -> frozenset[str]:
    return Sentence(0, len(text), stems(text)).content


def _worth_asking(rubric: Rubric, question: Question) -> tuple[Indicator, ...]:
    return tuple(
        indicator
        for competency in question.competencies
        for anchor in rubric.competency(competency).anchors
        if anchor.level >= LOWEST
        for indicator in anchor.indicators
    )


def _shown(rubric: Rubric, question: Question, texts: tuple[str, ...]) -> frozenset[str]:
    heard = [sentence for text in texts for sentence in sentences(text)]
    return frozenset(
        indicator.id
        for indicator in _worth_asking(rubric, question)
        if any(says(sentence, cue) for cue in indicator.cues for sentence in heard)
    )
