"""Transcripts: ordered turns of a question–answer exchange, and the plan that made the questions."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from orchestrator.domain.blinding import Blinded
from orchestrator.domain.off_limits import may_be_said
from rubrics.schema import Question, Rubric


class Speaker(StrEnum):
    """Who speaks in a turn."""

    INTERVIEWER = "interviewer"
    CANDIDATE = "candidate"


class Turn(Struct, frozen=True):
    """One turn. ``index`` is its 0-based place in the transcript. PII class: what a candidate said."""

    index: int
    speaker: Speaker
    text: str
    question_id: str


class Transcript(Struct, frozen=True):
    """Ordered turns. PII class: what a candidate said."""

    turns: tuple[Turn, ...]

    @property
    def candidate_turns(self) -> tuple[Turn, ...]:
        """Only what the candidate said: the only place evidence may come from."""
        return tuple(turn for turn in self.turns if turn.speaker is Speaker.CANDIDATE)


class PlannedQuestion(Struct, frozen=True):
    """One question as this interview asks it."""

    id: str
    text: str
    why: str
    minutes: float
    competencies: tuple[str, ...]


class Plan(Struct, frozen=True):
    """The questions fixed for one interview, in the rubric's order: the same for every candidate."""

    questions: tuple[PlannedQuestion, ...]

    @property
    def minutes(self) -> float:
        """Expected time in minutes."""
        return sum(question.minutes for question in self.questions)


def plan(rubric: Rubric) -> Plan:
    """Fix the questions of one interview; one that nobody may ask is left out, for every candidate."""
    return Plan(tuple(_planned(question) for question in rubric.questions if may_be_said(question.text)))


def transcript_of(questions: Plan, answers: Mapping[str, str]) -> Transcript:
    """Lay questions and answers out as turns. A question without an answer stands alone: silence is not an answer."""
    turns: list[Turn] = []
    for question in questions.questions:
        turns.append(Turn(len(turns), Speaker.INTERVIEWER, question.text, question.id))
        answer = answers.get(question.id, "")
        if answer.strip():
            turns.append(Turn(len(turns), Speaker.CANDIDATE, answer, question.id))
    return Transcript(tuple(turns))


def _planned(question: Question) -> PlannedQuestion:
    return PlannedQuestion(question.id, question.text, question.why, question.minutes, question.competencies)


def blinded_transcript(transcript: Transcript, blinded: Mapping[int, Blinded]) -> Transcript:
    """The transcript with each turn's text replaced by its blinded text; turns without one keep theirs."""
    return Transcript(
        tuple(
            Turn(
                turn.index,
                turn.speaker,
                blinded[turn.index].text if turn.index in blinded else turn.text,
                turn.question_id,
            )
            for turn in transcript.turns
        )
    )
