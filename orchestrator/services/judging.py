"""Judging: from a transcript to a scorecard and what a person should know about it. Stores nothing, and asks the grader only.

The one way that scoring, scoring again and rehearsals share: quality first, then blinding, grading, verification, and a
second grading without the words that speak to a grader, where there are any. What takes processor time runs in threads:
pages and leases must not wait for it.
"""

import asyncio
from collections.abc import Sequence

from msgspec import Struct, structs

from orchestrator.domain.ablation import as_said, with_ablation, without
from orchestrator.domain.quality import Defect, Gate, Verdict, flags, gate, suspicious, usable
from orchestrator.domain.scorecard import Prepared, build_scorecard, prepare
from orchestrator.domain.scoring import CompetencyClaim, Rater, RaterKind, Scorecard, Usage
from orchestrator.domain.transcript import Plan, Transcript
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.errors import GradingFailed
from orchestrator.grading.budget import added, usage_of
from orchestrator.ports import Grader, GradingReply, GradingRequest
from rubrics.schema import Rubric

NOT_GRADABLE = "The answers could not be graded."
_NOBODY_FAILED = Rater(kind=RaterKind.MODEL, name="none: grading did not work")
_NOTHING_SPENT = Usage()
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


class _Opened(Struct, frozen=True):
    """A transcript before anybody grades it: what of it can be graded, blinded, and what is known of it without a grader."""

    gated: Gate
    ready: Prepared
    seen: Transcript
    known: tuple[ReviewReason, ...]


async def judge(grader: Grader, spoken: Spoken, *, samples: int, spent: Usage = _NOTHING_SPENT) -> Judgement:
    """Judge one transcript, outside any transaction.

    Where most answers are none that could be graded, no grader is asked and no competency has a level. ``spent`` is what
    earlier tries took in vain: the card tells it together with this one. What an interview may take is counted for each try.

    Raises:
        GradingFailed: the grader gave nothing usable.
    """
    opened = await asyncio.to_thread(_opened, spoken)
    if opened.gated.verdict is not Verdict.SCORE:
        card = await asyncio.to_thread(_card, grader, spoken, opened.ready, _nothing(spoken.rubric))
        return Judgement(_with_spent(card, spent), opened.known)
    reply = await grader.grade(GradingRequest(rubric=spoken.rubric, transcript=opened.seen, samples=samples))
    card = await asyncio.to_thread(_card, grader, spoken, opened.ready, reply)
    card = await _ablated(grader, spoken, opened.seen, card, samples=samples)
    return Judgement(_with_spent(card, spent), opened.known)


def ungraded(grader: Grader, spoken: Spoken, *, spent: Usage = _NOTHING_SPENT) -> Judgement:
    """The empty card for when grading failed for good: a person decides from the answers alone. ``spent``: in vain."""
    gated = gate(spoken.transcript, spoken.plan, spoken.rubric.language)
    card = _card(grader, spoken, _prepared(spoken), GradingReply(rater=_NOBODY_FAILED, samples=()))
    return Judgement(_with_spent(card, spent), (ReviewReason.GRADING_FAILED, *_known(spoken, gated)))


async def _ablated(grader: Grader, spoken: Spoken, seen: Transcript, card: Scorecard, *, samples: int) -> Scorecard:
    """The card with what comes out when the words that speak to a grader are cut; as it was where there are none.

    Where this second grading fails, the flag alone holds the case: it must not cost the first grading. What it took until
    then is counted.
    """
    spans = await asyncio.to_thread(suspicious, seen)
    if not spans:
        return card
    cut = without(seen, spans)
    request = GradingRequest(
        rubric=spoken.rubric, transcript=cut, samples=samples, spent_tokens=card.rater.usage.tokens
    )
    try:
        reply = await grader.grade(request)
    except GradingFailed as error:
        return _with_spent(card, usage_of(error))
    said = structs.replace(spoken, transcript=cut)
    second = await asyncio.to_thread(_card, grader, said, Prepared(as_said(cut), cut), reply)
    return with_ablation(card, second, spans=sum(map(len, spans.values())))


def _opened(spoken: Spoken) -> _Opened:
    gated = gate(spoken.transcript, spoken.plan, spoken.rubric.language)
    ready = _prepared(spoken)
    return _Opened(gated, ready, usable(ready.transcript, gated), _known(spoken, gated))


def _with_spent(card: Scorecard, spent: Usage) -> Scorecard:
    return structs.replace(card, rater=structs.replace(card.rater, usage=added(card.rater.usage, spent)))


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
