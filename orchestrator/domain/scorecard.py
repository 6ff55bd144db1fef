"""From a transcript to what a grader may see, and from what it claims to a scorecard. Pure and deterministic."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from orchestrator.domain.blinding import Blinded, blind, identity_parts
from orchestrator.domain.evidence import MIN_QUOTE, Located, locate
from orchestrator.domain.scoring import (
    CompetencyClaim,
    Evidence,
    Rater,
    Score,
    Scorecard,
    Unscored,
    aggregate,
    band_of,
    combine_samples,
)
from orchestrator.domain.transcript import Transcript, blinded_transcript
from rubrics.schema import Competency, Rubric

# Reasons of a claim without a level that mean something to the code; any other reason is for people to read.
NO_ANSWER = "no answer"
REFUSED = "refused"

# Standard error of one provisional rating, in levels: wide enough that an interval mostly straddles a cut.
PROVISIONAL_ERROR = 0.9


class Prepared(Struct, frozen=True):
    """A transcript made ready for grading. ``blinded`` is the way back by turn index and never leaves the house."""

    blinded: Mapping[int, Blinded]
    transcript: Transcript


def prepare(transcript: Transcript, *, names: Sequence[str], contacts: Sequence[str]) -> Prepared:
    """Blind every turn (N8): held names in any part, held contact data, and all that looks like contact data.

    An interviewer's turns are blinded too, since an external interviewer may call the candidate by name.
    """
    parts = identity_parts(*names)
    blinded = {turn.index: blind(turn.text, names=parts, contacts=contacts) for turn in transcript.turns}
    return Prepared(blinded, blinded_transcript(transcript, blinded))


def build_scorecard(
    *,
    rubric: Rubric,
    rubric_hash: str,
    transcript: Transcript,
    blinded: Mapping[int, Blinded],
    rater: Rater,
    samples: Sequence[Sequence[CompetencyClaim]],
    provisional: bool,
) -> Scorecard:
    """Make the scorecard of a grader's samples.

    ``transcript`` is the original one, ``blinded`` the way back from `prepare`. A level stands only with at least one
    quote that the candidate said; every other competency is unscored with its reason.
    """
    rated = [
        _rate(
            competency,
            [claim for sample in samples for claim in sample if claim.competency == competency.id],
            answered=_answered(competency, rubric, transcript),
            rating_error=_rating_error(competency, provisional=provisional),
            source=_Source(transcript, blinded),
        )
        for competency in rubric.competencies
    ]
    scores = tuple(score for score, _ in rated)
    whole = aggregate(scores, rubric)
    return Scorecard(
        rubric_hash=rubric_hash,
        rater=rater,
        scores=scores,
        aggregate=whole.value,
        standard_error=whole.standard_error,
        coverage=whole.coverage,
        band=band_of(whole.value, rubric).key,
        provisional=provisional,
        dropped_quotes=sum(dropped for _, dropped in rated),
    )


class _Source(Struct, frozen=True):
    transcript: Transcript
    blinded: Mapping[int, Blinded]


def _rate(
    competency: Competency,
    claims: Sequence[CompetencyClaim],
    *,
    answered: bool,
    rating_error: float,
    source: _Source,
) -> tuple[Score, int]:
    """The score of one competency, and how many of its quotes stood nowhere."""
    level, error = combine_samples(claims, rating_error=rating_error)
    levels = tuple(claim.level for claim in claims if claim.level is not None)
    if level is None:
        return _unscored(competency, _why_unscored(claims, answered=answered), claims, levels), 0
    chosen = _nearest(claims, level)
    quotes = tuple(dict.fromkeys(quote for claim in chosen for quote in claim.quotes))
    located = _solid(locate(quotes, source.transcript, source.blinded))
    if not located.evidence:
        reason = Unscored.QUOTES_NOT_FOUND if quotes else Unscored.INSUFFICIENT_EVIDENCE
        return _unscored(competency, reason, chosen, levels), located.dropped
    score = Score(
        competency=competency.id,
        level=level,
        standard_error=error,
        evidence=located.evidence,
        rationale=chosen[0].reason,
        indicators=tuple(dict.fromkeys(indicator for claim in chosen for indicator in claim.indicators)),
        samples=levels,
    )
    return score, located.dropped


def _nearest(claims: Sequence[CompetencyClaim], level: float) -> Sequence[CompetencyClaim]:
    """The claims whose own level lies nearest to the combined one: their words explain it best."""
    rated = [(abs(claim.level - level), claim) for claim in claims if claim.level is not None]
    least = min(distance for distance, _ in rated)
    return [claim for distance, claim in rated if distance == least]


def _solid(located: Located) -> Located:
    """Leave out evidence that is next to nothing, such as the lone dot that a claim of twelve dots would find."""
    kept = tuple(evidence for evidence in located.evidence if _says_something(evidence))
    return Located(kept, located.dropped + len(located.evidence) - len(kept))


def _says_something(evidence: Evidence) -> bool:
    # A blinded name may be shorter than its placeholder: such a span was long enough when it was claimed.
    return len(evidence.quote) >= MIN_QUOTE or (evidence.identifying and bool(evidence.quote.strip()))


def _why_unscored(claims: Sequence[CompetencyClaim], *, answered: bool) -> Unscored:
    if not answered:
        return Unscored.NO_ANSWER
    refused = sum(claim.reason == REFUSED for claim in claims)
    return Unscored.GRADING_FAILED if refused * 2 >= len(claims) else Unscored.INSUFFICIENT_EVIDENCE


def _unscored(
    competency: Competency, reason: Unscored, claims: Sequence[CompetencyClaim], levels: tuple[int, ...]
) -> Score:
    rationale = next((claim.reason for claim in claims), "")
    return Score(competency=competency.id, level=None, unscored=reason, rationale=rationale, samples=levels)


def _answered(competency: Competency, rubric: Rubric, transcript: Transcript) -> bool:
    asked = {question.id for question in rubric.questions if competency.id in question.competencies}
    return any(turn.question_id in asked and turn.text.strip() for turn in transcript.candidate_turns)


def _rating_error(competency: Competency, *, provisional: bool) -> float:
    return max(competency.standard_error, PROVISIONAL_ERROR) if provisional else competency.standard_error
