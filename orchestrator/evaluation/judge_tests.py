"""The judge tests of "beyond the resume" (MBZUAI, arXiv 2603.01775; MIT licence) as rubrics and transcripts of ours.

Its rubrics describe a low, a medium and a high level of each dimension. Low becomes our levels 1 and 2, medium our level 3
and high our levels 4 and 5, each sentence of a description an indicator. Every question may show every dimension, so a
rubric is cut into rubrics of two or three dimensions, as ours allow three to a question.
"""

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from orchestrator.domain.evidence import shorten
from orchestrator.domain.transcript import Speaker, Transcript, Turn
from orchestrator.errors import ConfigurationInvalid
from rubrics.document import Problem
from rubrics.schema import Anchor, Band, Competency, EscoSkill, Indicator, Practice, Question, Rubric

MAX_TOGETHER = 3
MAX_LINE = 240
_T = TypeVar("_T")
_SENTENCE = re.compile(r"(?<=[.])\s+")
_NO_SKILL = EscoSkill(uri="http://data.europa.eu/esco/skill/0", label="not given")
_BANDS = (
    Band(key="strong", label="Strong evidence", cut=4.2),
    Band(key="mixed", label="Mixed evidence", cut=1.0),
    Band(key="not_enough", label="Not enough evidence"),
)


class Height(StrEnum):
    """A level of the data set."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


LEVELS: Mapping[Height, tuple[int, ...]] = {Height.LOW: (1, 2), Height.MEDIUM: (3,), Height.HIGH: (4, 5)}


class Said(Struct, frozen=True):
    """One message of a base interview. PII class: none, these people are made up."""

    role: str
    message: str


class Target(Struct, frozen=True):
    """What an added turn is evidence of."""

    dimension: str
    level: Height


class Added(Struct, frozen=True):
    """A turn that a test adds to the base interview of the same name."""

    interviewer_turn: str
    applicant_turn: str
    belief_update: Target | None = None


class _TestFile(Struct, frozen=True):
    tests: dict[str, Added]


class JudgeTests(Struct, frozen=True):
    """Base interviews by name, dimensions by role with a text for each height, and the added turns by test and name."""

    interviews: Mapping[str, tuple[Said, ...]]
    dimensions: Mapping[str, Mapping[str, Mapping[Height, str]]]
    tests: Mapping[str, Mapping[str, Added]]


def read_judge_tests(base: Path) -> JudgeTests:
    """Read a copy of the data set's folder, with ``rubrics`` and ``judge-tests`` in it.

    Raises:
        ConfigurationInvalid: a file is missing or not as described.
    """
    tests = base / "judge-tests"
    interviews = sorted((tests / "base-interviews").glob("*.json"))
    if not interviews:
        raise ConfigurationInvalid([_problem(base, "there are no base interviews in this folder")])
    return JudgeTests(
        interviews={file.stem: _read(file, tuple[Said, ...]) for file in interviews},
        dimensions={
            file.stem: _read(file, dict[str, dict[Height, str]]) for file in sorted((base / "rubrics").glob("*.json"))
        },
        tests={file.stem: _read(file, _TestFile).tests for file in sorted(tests.glob("*.json"))},
    )


def transcript_of_messages(said: Sequence[Said], added: Sequence[Added] = ()) -> Transcript:
    """An interview with turns added at its end; an answer belongs to the interviewer's last message before it."""
    messages = [(one.role == "applicant", one.message) for one in said]
    for one in added:
        messages += [(False, one.interviewer_turn), (True, one.applicant_turn)]
    turns: list[Turn] = []
    asked = 0
    for answers, text in messages:
        asked += not answers
        speaker = Speaker.CANDIDATE if answers else Speaker.INTERVIEWER
        turns.append(Turn(len(turns), speaker, text, f"turn-{asked}"))
    return Transcript(tuple(turns))


def rubrics_for(
    role: str, dimensions: Mapping[str, Mapping[Height, str]], transcript: Transcript
) -> tuple[Rubric, ...]:
    """The rubrics of a role with the questions that this interview asked, two or three dimensions in each."""
    competencies = [_competency(name, texts) for name, texts in dimensions.items()]
    count = -(-len(competencies) // MAX_TOGETHER)
    return tuple(_rubric(role, place, competencies[place::count], transcript) for place in range(count))


def competency_id(dimension: str) -> str:
    """The id of a dimension in our rubrics."""
    return dimension.replace("_", "-")


def _rubric(role: str, place: int, competencies: Sequence[Competency], transcript: Transcript) -> Rubric:
    ids = tuple(competency.id for competency in competencies)
    asked = [turn for turn in transcript.turns if turn.speaker is Speaker.INTERVIEWER]
    return Rubric(
        id=f"judge-tests/{role}-{place + 1}",
        version="1.0.0",
        title=f"Judge tests, {role}",
        role_family=role,
        language="en",
        purpose="Tests of graders.",
        job_analysis="None: the data set gives levels without one.",
        practice=Practice(text="Ready?", hint="This is not kept."),
        competencies=tuple(competencies),
        questions=tuple(
            Question(id=turn.question_id, text=turn.text, why="A turn of a judge test.", competencies=ids, minutes=2)
            for turn in asked
        ),
        bands=_BANDS,
    )


def _competency(dimension: str, texts: Mapping[Height, str]) -> Competency:
    name = dimension.replace("_", " ")
    anchors: dict[int, tuple[str, ...]] = {}
    for height, levels in LEVELS.items():
        sentences = [one.strip() for one in _SENTENCE.split(texts[height]) if one.strip()]
        for place, level in enumerate(levels):
            anchors[level] = tuple(sentences[place :: len(levels)]) or tuple(sentences)
    return Competency(
        id=competency_id(dimension),
        name=name.capitalize(),
        definition=f"What a person does in {name}.",
        job_relevance="As the data set says.",
        weight=1.0,
        esco=(_NO_SKILL,),
        anchors=tuple(_anchor(dimension, level, anchors[level]) for level in sorted(anchors)),
    )


def _anchor(dimension: str, level: int, sentences: Sequence[str]) -> Anchor:
    indicators = tuple(
        Indicator(id=f"{competency_id(dimension)}-{level}-{place}", text=shorten(sentence, MAX_LINE))
        for place, sentence in enumerate(sentences, start=1)
    )
    return Anchor(level=level, behaviour=" ".join(sentences), indicators=indicators)


def _read(file: Path, shape: type[_T]) -> _T:
    try:
        return msgspec.convert(json.loads(file.read_text(encoding="utf-8")), shape)
    except (OSError, ValueError) as error:
        raise ConfigurationInvalid([_problem(file, f"is not a file of the judge tests ({error})")]) from error


def _problem(path: Path, message: str) -> Problem:
    return Problem(file=str(path), line=1, column=1, field="", message=message)
