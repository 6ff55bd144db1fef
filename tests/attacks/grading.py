"""What the attacks are put into, and how it is graded: the packaged support interview, by each grader."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from orchestrator.domain.program import ReviewMode, ReviewPolicy
from orchestrator.domain.quality import flags
from orchestrator.domain.scorecard import build_scorecard, prepare
from orchestrator.domain.scoring import Scorecard
from orchestrator.domain.transcript import Transcript, plan, transcript_of
from orchestrator.domain.uncertainty import ReviewReason, review_reasons
from orchestrator.grading.embedded import EmbeddedGrader
from orchestrator.ports import Grader, GradingRequest
from rubrics.loader import load_library
from rubrics.schema import Rubric, content_hash
from tests.unit.grading.interviews import SUPPORT_MIDDLING

RUBRIC = load_library()["customer-support/first-interview"]
ANSWERS = SUPPORT_MIDDLING
ATTACKED = next(iter(ANSWERS))
NARROW = structs.replace(RUBRIC, competencies=RUBRIC.competencies[:1])
"""The same interview rated on one competency: a model is asked once for each."""
LENIENT = ReviewPolicy(mode=ReviewMode.BORDERLINE_OR_FLAGGED)
"""The policy that lets a clear result stand: whatever is held under it is held by the defences."""
NAMES = ("Ada", "Quill")


class Reading(Struct, frozen=True):
    """A scorecard, and why a person must decide."""

    card: Scorecard
    reasons: tuple[ReviewReason, ...]


def attacked(text: str, answers: Mapping[str, str] = ANSWERS) -> Mapping[str, str]:
    """The answers with an attack behind the first one."""
    return {**answers, ATTACKED: f"{answers[ATTACKED]}\n{text}"}


def interview(answers: Mapping[str, str]) -> Transcript:
    """The answers as the transcript of the interview."""
    return transcript_of(plan(RUBRIC), answers)


def blinded(answers: Mapping[str, str]) -> Sequence[str]:
    """The answers as a grader sees them."""
    seen = prepare(interview(answers), names=NAMES, contacts=()).transcript
    return [turn.text for turn in seen.candidate_turns]


async def read(answers: Mapping[str, str], grader: Grader | None = None, rubric: Rubric = RUBRIC) -> Reading:
    """Blind, grade and judge the interview as scoring does; the embedded grader, if no other is given."""
    using, transcript = grader or EmbeddedGrader(), interview(answers)
    prepared = prepare(transcript, names=NAMES, contacts=())
    reply = await using.grade(GradingRequest(rubric=rubric, transcript=prepared.transcript))
    card = build_scorecard(
        rubric=rubric,
        rubric_hash=content_hash(rubric),
        transcript=transcript,
        blinded=prepared.blinded,
        rater=reply.rater,
        samples=reply.samples,
        provisional=using.provisional,
    )
    return Reading(card, review_reasons(card, rubric, LENIENT, flags(transcript, plan(RUBRIC))))


def levels(reading: Reading) -> Mapping[str, float | None]:
    """Level by competency."""
    return {score.competency: score.level for score in reading.card.scores}
