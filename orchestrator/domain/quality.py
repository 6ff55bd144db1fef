"""Transcript quality: what can be graded at all, and what a person should know. A flag never changes a score (N11, R14)."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from orchestrator.domain.copying import gives_back, is_boilerplate, same_answers
from orchestrator.domain.gibberish import is_gibberish
from orchestrator.domain.language import other_language
from orchestrator.domain.suspicion import suspicious as suspicious
from orchestrator.domain.transcript import Plan, Speaker, Transcript
from orchestrator.domain.uncertainty import ReviewReason

SHORT_ANSWER_WORDS = 15
FEWEST_WORDS = 4
"""Below this an answer to an open question is no answer: "yes", "ok thanks"."""
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
# Scripts without spaces: a letter counts as a word.
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")


class Verdict(StrEnum):
    """What becomes of a transcript before anybody grades it."""

    SCORE = "score"
    REINVITE = "reinvite"
    PERSON = "person"


class Defect(StrEnum):
    """What is wrong with an answer. The values are those of `ReviewReason`."""

    EMPTY = "empty"
    TOO_SHORT = "short_answers"
    WRONG_LANGUAGE = "wrong_language"
    GIBBERISH = "gibberish"
    COPIED = "copied"


class Gate(Struct, frozen=True):
    """The verdict with its reasons, which may be there with SCORE too: then they are for a person to know.

    ``unusable`` holds the ids of the questions whose answers no grader should see.
    """

    verdict: Verdict
    reasons: tuple[Defect, ...] = ()
    unusable: tuple[str, ...] = ()


def gate(transcript: Transcript, plan: Plan, language: str) -> Gate:
    """Say whether a transcript can be graded; ``language`` (``en``, ``de-AT``) is the one that the rubric is written in.

    At least half of the answers unusable, or nothing but a few words in all of them, and no grader is asked for a level: a
    person decides, or the candidate is asked again where a mishap is likely (nothing, next to nothing, or no words at all).
    A low number is never the outcome.
    """
    answers = _answers(transcript)
    if not any(text.strip() for text in answers.values()):
        return Gate(Verdict.REINVITE, (Defect.EMPTY,))
    defects = _defects(answers, [question.text for question in plan.questions], language)
    unusable = tuple(question for question, defect in defects.items() if defect is not Defect.TOO_SHORT)
    lost = len(unusable) * 2 >= len(answers) or len(defects) == len(answers)
    reasons = tuple(dict.fromkeys(defect for defect in defects.values() if lost or defect is not Defect.TOO_SHORT))
    return Gate(_verdict(reasons) if lost else Verdict.SCORE, reasons, unusable)


def usable(transcript: Transcript, gated: Gate) -> Transcript:
    """The transcript without the answers that the gate found unusable; the turns that stay keep their index."""
    return Transcript(
        tuple(
            turn
            for turn in transcript.turns
            if turn.speaker is not Speaker.CANDIDATE or turn.question_id not in gated.unusable
        )
    )


def flags(transcript: Transcript, plan: Plan) -> tuple[ReviewReason, ...]:
    """What a person should know before believing a score of this transcript."""
    answers = _answers(transcript)
    found: list[ReviewReason] = []
    if any(question.id not in answers for question in plan.questions):
        found.append(ReviewReason.UNANSWERED)
    if any(len(text.split()) < SHORT_ANSWER_WORDS for text in answers.values()):
        found.append(ReviewReason.SHORT_ANSWERS)
    if suspicious(transcript):
        found.append(ReviewReason.POSSIBLE_INJECTION)
    return tuple(found)


def _answers(transcript: Transcript) -> Mapping[str, str]:
    answers: dict[str, str] = {}
    for turn in transcript.candidate_turns:
        answers[turn.question_id] = f"{answers.get(turn.question_id, '')}\n{turn.text}"
    return answers


def _defects(answers: Mapping[str, str], asked: Sequence[str], language: str) -> Mapping[str, Defect]:
    """The defect of each answer that has one, by question id."""
    same = same_answers(list(answers.values()))
    found = {question: Defect.COPIED if same else _defect(text, asked, language) for question, text in answers.items()}
    return {question: defect for question, defect in found.items() if defect is not None}


def _defect(text: str, asked: Sequence[str], language: str) -> Defect | None:
    if is_gibberish(text):
        return Defect.GIBBERISH
    if other_language(text, language) is not None:
        return Defect.WRONG_LANGUAGE
    if is_boilerplate(text) or gives_back(text, asked):
        return Defect.COPIED
    if _length(text) < FEWEST_WORDS:
        return Defect.TOO_SHORT
    return None


def _length(text: str) -> int:
    """Words of a text: names and figures count, and each letter of a script without spaces."""
    return len(_WORD.findall(text)) + len(_SPACELESS.findall(text))


def _verdict(reasons: Sequence[Defect]) -> Verdict:
    """A person for what was written on purpose, another invitation for what looks like a mishap."""
    deliberate = {Defect.WRONG_LANGUAGE, Defect.COPIED}
    return Verdict.PERSON if deliberate & set(reasons) else Verdict.REINVITE
