"""The embedded grader: no key, no network, the same answer every time, always provisional.

It looks for the rubric's own cues in the answers to the questions that ask for a competency, and says what it found. It
reads words, not meaning: the caller gives its levels a wide error and sends every case to a person.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from orchestrator.domain.evidence import MIN_QUOTE
from orchestrator.domain.quality import flags
from orchestrator.domain.scorecard import NO_ANSWER
from orchestrator.domain.scoring import CompetencyClaim, QuoteClaim, Rater, RaterKind
from orchestrator.domain.transcript import Plan, Speaker, Transcript, Turn
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.grading.account import ACCOUNT, Signal, signals
from orchestrator.grading.wording import Sentence, says, sentences, stems
from orchestrator.ports import GradingReply, GradingRequest
from rubrics.schema import Competency, Question, Rubric

NAME = "embedded"
VERSION = 1
MIN_CONTENT_WORDS = 12
MAX_QUOTES = 3
# A sentence shows one indicator, and one more for every six words, up to four: a list of catchwords is no account.
WORDS_PER_INDICATOR = 6
MAX_PER_SENTENCE = 4
# Content words that a sentence must share with the rubric before its account counts: a story about something else does not.
ON_TOPIC_WORDS = 2
_LOW, _MIDDLE, _HIGH, _TOP = 2, 3, 4, 5
_FOR_HIGH, _FOR_TOP = 2, 4


class Found(Struct, frozen=True):
    """An indicator that an answer shows, with the level whose anchor it belongs to."""

    level: int
    indicator: str
    text: str


class _Heard(Struct, frozen=True):
    """A sentence of a turn, as the candidate said it, with the ids of the indicators that it shows."""

    turn: int
    text: str
    sentence: Sentence
    shown: tuple[str, ...]


class EmbeddedGrader:
    """Grades by the cues of the rubric."""

    provisional = True

    async def grade(self, request: GradingRequest) -> GradingReply:
        """Grade every competency once: another sample would say the same. Never fails."""
        claims = tuple(
            _claim(request.rubric, competency, request.transcript) for competency in request.rubric.competencies
        )
        rater = Rater(kind=RaterKind.EMBEDDED, name=NAME, parameters={"version": VERSION})
        return GradingReply(rater=rater, samples=(claims,))

    async def aclose(self) -> None:
        """Nothing to release."""


def _claim(rubric: Rubric, competency: Competency, transcript: Transcript) -> CompetencyClaim:
    questions = [question for question in rubric.questions if competency.id in question.competencies]
    asked = {question.id for question in questions}
    turns = [turn for turn in transcript.candidate_turns if turn.question_id in asked and turn.text.strip()]
    if not turns:
        return _abstain(competency, NO_ANSWER)
    topic = _topic(competency, questions)
    heard = tuple(_heard(turns, competency, topic))
    if sum(len(one.sentence.content) for one in heard) < MIN_CONTENT_WORDS:
        return _abstain(competency, "The answer is too short to rate.")
    shown = {indicator for one in heard for indicator in one.shown}
    found = [Found(a.level, i.id, i.text) for a in competency.anchors for i in a.indicators if i.id in shown]
    if not found:
        return _abstain(competency, "None of the rubric's indicators was found in the answer.")
    told = signals([one.text for one in heard if one.shown or len(one.sentence.content & topic) >= ON_TOPIC_WORDS])
    level = level_of(found, told)
    return CompetencyClaim(
        competency=competency.id,
        level=level,
        reason=_rationale(found, told),
        quotes=_quotes(heard, found, level, {turn.index: turn.text.strip() for turn in turns}),
        indicators=tuple(one.indicator for one in found),
    )


def level_of(found: Sequence[Found], told: Sequence[Signal]) -> int:
    """The level that at least one found indicator, and the account around it, speak for.

    Indicators of levels 4 and 5 speak for a high level, and an account with three of its four parts counts as one more of
    them: two make a 4, four with two of level 5 among them make a 5. Where the answer shows as much from levels 1 and 2
    as from above, it is one level less.
    """
    count = Counter(one.level for one in found)
    weak, high = count[1] + count[2], count[4] + count[5]
    if weak == len(found):
        return 1 if count[1] > count[2] else 2
    strength = high + (len(told) >= ACCOUNT)
    level = _MIDDLE
    if high and strength >= _FOR_HIGH:
        level = _TOP if count[5] >= _FOR_HIGH and strength >= _FOR_TOP else _HIGH
    return level - 1 if weak * 2 >= len(found) else level


def _abstain(competency: Competency, reason: str) -> CompetencyClaim:
    return CompetencyClaim(competency=competency.id, level=None, reason=reason)


def _heard(turns: Sequence[Turn], competency: Competency, topic: frozenset[str]) -> Iterator[_Heard]:
    """The sentences that count: each once, however often it is said, and none that speaks to the grader (N11)."""
    seen: set[tuple[str, ...]] = set()
    for turn in turns:
        for sentence in sentences(turn.text):
            text = turn.text[sentence.start : sentence.end]
            if sentence.stems not in seen and not _speaks_to_the_grader(text):
                seen.add(sentence.stems)
                yield _Heard(turn.index, text, sentence, _shown(sentence, competency, topic))


def _speaks_to_the_grader(text: str) -> bool:
    alone = Transcript((Turn(0, Speaker.CANDIDATE, text, ""),))
    return ReviewReason.POSSIBLE_INJECTION in flags(alone, Plan(()))


def _shown(sentence: Sentence, competency: Competency, topic: frozenset[str]) -> tuple[str, ...]:
    """Ids of the indicators that a sentence shows. A cue of one word means little unless the sentence is on the topic."""
    on_topic = bool(sentence.content & topic)
    shown = (
        indicator.id
        for anchor in competency.anchors
        for indicator in anchor.indicators
        if any((on_topic or len(stems(cue)) > 1) and says(sentence, cue) for cue in indicator.cues)
    )
    return tuple(itertools.islice(shown, min(MAX_PER_SENTENCE, 1 + len(sentence.stems) // WORDS_PER_INDICATOR)))


def _topic(competency: Competency, questions: Sequence[Question]) -> frozenset[str]:
    anchors = [anchor.behaviour for anchor in competency.anchors]
    indicators = [indicator.text for anchor in competency.anchors for indicator in anchor.indicators]
    texts = [competency.name, competency.definition, *anchors, *indicators, *(question.text for question in questions)]
    return frozenset(stem for text in texts for stem in stems(text))


def _quotes(
    heard: Sequence[_Heard], found: Sequence[Found], level: int, turns: Mapping[int, str]
) -> tuple[QuoteClaim, ...]:
    """The sentences that show most on the side of the scale where the level lies; a short one takes its whole turn."""
    levels = {one.indicator: one.level for one in found if (one.level > _LOW) == (level > _LOW)}
    telling = [one for one in heard if any(indicator in levels for indicator in one.shown)]
    telling.sort(key=lambda one: -max(levels.get(indicator, 0) for indicator in one.shown))
    return tuple(
        QuoteClaim(one.turn, one.text if len(one.text) >= MIN_QUOTE else turns[one.turn])
        for one in telling[:MAX_QUOTES]
    )


def _rationale(found: Sequence[Found], told: Sequence[Signal]) -> str:
    shown = "; ".join(f"{one.text} (level {one.level})" for one in found)
    account = f" The answer gives {', '.join(told)}." if told else ""
    return f"Found by the rubric's cues: {shown}.{account}"
