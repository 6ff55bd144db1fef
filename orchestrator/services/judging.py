"""Judging: from a transcript to a scorecard and what a person should know about it. Stores nothing, and asks the grader only.

The one way that scoring, scoring again and rehearsals share: quality first, then blinding, grading, verification, and a
second grading without the words that speak to a grader, where there are any.
"""

from collections.abc import Sequence

from msgspec import Struct, structs

from orchestrator.domain.ablation import as_said, with_ablation, without
from orchestrator.domain.quality import Defect, Gate, Verdict, flags, gate, suspicious, usable
from orchestrator.domain.scorecard import Prepared, build_scorecard, prepare
from orchestrator.domain.scoring import CompetencyClaim, Rater, RaterKind, Scorecard
from orchestrator.domain.transcript import Plan, Transcript
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.errors import GradingFailed
from orchestrator.ports import Grader, GradingReply, GradingRequest
from rubrics.schema import Rubric

NOT_GRADABLE = "The answers could not be graded."
_NOBODY_FAILED = Rater(kind=RaterKind.MODEL, name="none: grading did not work")
_NOBODY_ASKED = Rater(kind=RaterKind.MODEL, name="none: there was nothing to grade")


class Spoken(Struct, frozen=True, kw_only=True):
    """An interview as it is judged: what was asked and said, and whose words must not reach a grader.

    ``names`` and ``contacts`` are what is held of the candidate; they are blinded in every turn.
    """

    rubric: Rubric
    rubric_hash: str
    plan: Plan
    transcript: Transcript
    names: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


class Judgement(Struct, frozen=True):
    """A scorecard, and what a person should know before believing it."""

    card: Scorecard
    flags: tuple[ReviewReason, ...]


async def judge(grader: Grader, spoken: Spoken, *, samples: int) -> Judgement:
    """Judge one transcript, outside any transaction.

    Where most answers are none that could be graded, no grader is asked and no competency has a level.

    Raises:
        GradingFailed: the grader gave nothing usable.
    """
    gated = gate(spoken.transcript, spoken.plan, spoken.rubric.language)
    known = _known(spoken, gated)
    if gated.verdict is not Verdict.SCORE:
        return Judgement(_card(grader, spoken, _prepared(spoken), _nothing(spoken.rubric)), known)
    ready = _prepared(spoken)
    seen = usable(ready.transcript, gated)
    reply = await grader.grade(GradingRequest(rubric=spoken.rubric, transcript=seen, samples=samples))
    card = _card(grader, spoken, ready, reply)
    return Judgement(await _ablated(grader, spoken, seen, card, samples=samples), known)


def ungraded(grader: Grader, spoken: Spoken) -> Judgement:
    """The empty card for when grading failed for good: a person decides from the answers alone."""
    gated = gate(spoken.transcript, spoken.plan, spoken.rubric.language)
    card = _card(grader, spoken, _prepared(spoken), GradingReply(rater=_NOBODY_FAILED, samples=()))
    return Judgement(card, (ReviewReason.GRADING_FAILED, *_known(spoken, gated)))


async def _ablated(grader: Grader, spoken: Spoken, seen: Transcript, card: Scorecard, *, samples: int) -> Scorecard:
    """The card with what comes out when the words that speak to a grader are cut; as it was where there are none.

    Where this second grading fails, the flag alone holds the case: it must not cost the first grading.
    """
    spans = suspicious(seen)
    if not spans:
        return card
    cut = without(seen, spans)
    request = GradingRequest(
        rubric=spoken.rubric, transcript=cut, samples=samples, spent_tokens=card.rater.usage.tokens
    )
    try:
        reply = await grader.grade(request)
    except GradingFailed:
        return card
    second = _card(grader, structs.replace(spoken, transcript=cut), Prepared(as_said(cut), cut), reply)
    return with_ablation(card, second, spans=sum(map(len, spans.values())))


def _prepared(spoken: Spoken) -> Prepared:
    return prepare(spoken.transcript, names=spoken.names, contacts=spoken.contacts)


def _card(grader: Grader, spoken: Spoken, ready: Prepared, reply: GradingReply) -> Scorecard:
    return build_scorecard(
        rubric=spoken.rubric,
        rubric_hash=spoken.rubric_hash,
        transcript=spoken.transcript,
        blinded=ready.blinded,
        rater=reply.rater,
        samples=reply.samples,
        provisional=grader.provisional,
    )


def _nothing(rubric: Rubric) -> GradingReply:
    claims = tuple(CompetencyClaim(competency=c.id, level=None, reason=NOT_GRADABLE) for c in rubric.competencies)
    return GradingReply(rater=_NOBODY_ASKED, samples=(claims,))


def _known(spoken: Spoken, gated: Gate) -> tuple[ReviewReason, ...]:
    return tuple(dict.fromkeys((*_reasons(gated.reasons), *flags(spoken.transcript, spoken.plan))))


def _reasons(defects: Sequence[Defect]) -> Sequence[ReviewReason]:
    return [ReviewReason(defect.value) for defect in defects]
