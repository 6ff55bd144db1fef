"""From a transcript to what a grader may see, and from what it claims to a scorecard. Pure and deterministic."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from orchestrator.domain.blinding import Blinded, Span, blind, identity_parts
from orchestrator.domain.grounding import Grounded, Source, ground
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
from orchestrator.domain.stability import medians_by_model, receipt_of
from orchestrator.domain.suspicion import suspicious
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
    addressed: Mapping[int, Sequence[Span]] | None = None,
) -> Scorecard:
    """Make the scorecard of a grader's samples.

    ``transcript`` is the original one, ``blinded`` the way back from `prepare`. A level stands only with at least one
    quote that the candidate said; every other competency is unscored with its reason. An answer that echoes what no answer
    may hold counts for nothing. ``addressed`` are the spans that speak to the software, if they are known already.
    """
    source = Source(transcript, blinded)
    grounded = {
        competency.id: tuple(
            tuple(
                ground(claim, competency, source)
                for claim in sample
                if claim.competency == competency.id and not claim.echoed
            )
            for sample in samples
        )
        for competency in rubric.competencies
    }
    addressed = suspicious(transcript) if addressed is None else addressed
    scores = tuple(
        _kept_inside(
            _rate(
                competency,
                [one for sample in grounded[competency.id] for one in sample],
                answered=_answered(competency, rubric, transcript),
                rating_error=_rating_error(competency, provisional=provisional),
            ),
            addressed,
        )
        for competency in rubric.competencies
    )
    whole = aggregate(scores, rubric)
    kept = [one for of_samples in grounded.values() for sample in of_samples for one in sample]
    return Scorecard(
        rubric_hash=rubric_hash,
        rater=rater,
        scores=scores,
        aggregate=whole.value,
        standard_error=whole.standard_error,
        coverage=whole.coverage,
        band=band_of(whole.value, rubric).key,
        provisional=provisional,
        dropped_quotes=sum(one.dropped for one in kept),
        receipt=receipt_of(grounded, rubric, echoed=sum(claim.echoed for sample in samples for claim in sample)),
    )


def _rate(competency: Competency, samples: Sequence[Grounded], *, answered: bool, rating_error: float) -> Score:
    """The score of one competency, from the samples whose level lies nearest to the combined one."""
    rated = tuple(one.level for one in samples if one.level is not None)
    level, error = combine_samples([one.level for one in samples], rating_error=rating_error)
    if level is None:
        return Score(
            competency=competency.id,
            level=None,
            unscored=_why_unscored(samples, answered=answered),
            rationale=next((one.claim.reason for one in samples), ""),
            samples=rated,
        )
    chosen = _nearest(samples, level)
    return Score(
        competency=competency.id,
        level=level,
        standard_error=error,
        evidence=_each_once(chosen),
        rationale=chosen[0].claim.reason,
        indicators=tuple(dict.fromkeys(indicator for one in chosen for indicator in one.indicators)),
        samples=rated,
        by_model=medians_by_model(samples),
    )


def _kept_inside(score: Score, addressed: Mapping[int, Sequence[Span]]) -> Score:
    """Evidence that holds words to the software is for reviewers, who see the flag beside it, and becomes no bullet."""
    evidence = tuple(
        replace(one, identifying=True)
        if any(span.start < one.end and one.start < span.end for span in addressed.get(one.turn, ()))
        else one
        for one in score.evidence
    )
    return replace(score, evidence=evidence)


def _nearest(samples: Sequence[Grounded], level: float) -> Sequence[Grounded]:
    """The samples whose own level lies nearest to the combined one: their words explain it best."""
    rated = [(abs(one.level - level), one) for one in samples if one.level is not None]
    least = min(distance for distance, _ in rated)
    return [one for distance, one in rated if distance == least]


def _each_once(samples: Sequence[Grounded]) -> tuple[Evidence, ...]:
    found = {(e.turn, e.start, e.end): e for one in reversed(samples) for e in reversed(one.evidence)}
    return tuple(reversed(found.values()))


def _why_unscored(samples: Sequence[Grounded], *, answered: bool) -> Unscored:
    """Why there is no level. A sample counts as refused where the model refused; without any sample grading failed."""
    if not answered:
        return Unscored.NO_ANSWER
    refused = sum(one.claim.reason == REFUSED for one in samples)
    if refused * 2 >= len(samples):
        return Unscored.GRADING_FAILED
    invented = any(one.dropped and not one.evidence for one in samples)
    return Unscored.QUOTES_NOT_FOUND if invented else Unscored.INSUFFICIENT_EVIDENCE


def _answered(competency: Competency, rubric: Rubric, transcript: Transcript) -> bool:
    asked = {question.id for question in rubric.questions if competency.id in question.competencies}
    return any(turn.question_id in asked and turn.text.strip() for turn in transcript.candidate_turns)


def _rating_error(competency: Competency, *, provisional: bool) -> float:
    return max(competency.standard_error, PROVISIONAL_ERROR) if provisional else competency.standard_error
