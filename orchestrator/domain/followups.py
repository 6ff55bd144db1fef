"""Follow-ups: whether one more question is asked about a question, which one, and why (C4). Pure.

One policy for every candidate of a rubric: only its planned probes, at most so many for each question, and only for what
no answer to the question has shown yet. Nobody is asked on who left the question out, passed a follow-up over, or said
that there is nothing to add. What was decided is kept and not decided again, however the answer is edited later.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from orchestrator.domain.off_limits import may_be_said
from orchestrator.domain.transcript import Plan, Speaker, Transcript, Turn
from rubrics.schema import Probe, Question, Rubric

MOST = 2
"""Follow-ups to one question, whatever a rubric or a program says: more would be an interrogation."""

_NOTHING_TO_ADD = re.compile(
    r"""(?x)
    (i\ (have|had|'ve(\ got)?)\ )?nothing\ (more|else|further)?\ ?(to\ (add|say|tell)(\ .{0,30})?)?
    | (there\ is|there's)\ nothing\ (more|else|further)(\ to\ (add|say|tell)(\ .{0,30})?)?
    | i\ (do\ not|don't)\ have\ (anything|much)\ (more|else|further)?\ ?to\ (add|say|tell)(\ .{0,30})?
    | no,?(\ thanks|\ thank\ you)? | no(thing)?\ more | none | n/?a | pass | skip
    | (no,?\ )?(that|this)('s|\ is|\ was)\ (all|it|everything)(\ (i\ (can|could|have|had|want|wanted)|from\ me)(\ .{0,40})?)?
    | that\ would\ be\ all | as\ (i\ )?(said|above|before)
    """
)
_SENTENCE_ENDS = re.compile(r"[.!?\n]+")


class FollowUpReason(StrEnum):
    """Why a follow-up was asked, or why none was."""

    MISSING = "missing"  # asked: no answer so far shows what it asks for
    ENOUGH_ASKED = "enough_asked"
    NOTHING_TO_ADD = "nothing_to_add"
    PASSED_OVER = "passed_over"
    NOTHING_MISSING = "nothing_missing"
    MODEL_SAW_NOTHING_MISSING = "model_saw_nothing_missing"


class Followed(Struct, frozen=True):
    """A follow-up that was asked. ``answer`` is None while it waits, blank where it was passed over.

    PII class: what a candidate said.
    """

    probe: str
    answer: str | None


class Exchange(Struct, frozen=True):
    """A question as it went so far. PII class: what a candidate said."""

    answer: str
    follow_ups: tuple[Followed, ...] = ()


class Need(Struct, frozen=True):
    """A probe that could be asked, with the indicators that it asks for and that no answer has shown."""

    probe: Probe
    missing: tuple[str, ...]


class Decision(Struct, frozen=True):
    """What was decided after an answer: the id of the probe to ask, or None; ``missing`` are ids of indicators."""

    reason: FollowUpReason
    probe: str | None = None
    missing: tuple[str, ...] = ()


def limit_of(question: Question, most: int) -> int:
    """Follow-ups that a question may have where the program allows ``most``; 0: none."""
    return max(0, min(question.max_follow_ups, len(question.probes), most, MOST))


def needs(
    rubric: Rubric,
    question: Question,
    *,
    targets: Mapping[str, Sequence[str]],
    shown: frozenset[str],
    asked: frozenset[str],
) -> tuple[Need, ...]:
    """The probes that could be asked now, the most needed first.

    ``targets`` gives the indicators that each probe asks for. A probe falls away when it was asked, when an answer shows
    one of its indicators, or when it speaks of what no interviewer may ask. First comes the probe for whose competencies
    least was shown; among equals the order of the rubric decides, so that the same answers lead to the same question.
    """
    open_ = [
        Need(probe, tuple(targets.get(probe.id, ())))
        for probe in question.probes
        if probe.id not in asked and not shown.intersection(targets.get(probe.id, ())) and may_be_said(probe.text)
    ]
    return tuple(sorted(open_, key=lambda need: _shown_beside(rubric, question, need, shown)))


def decide(exchange: Exchange, *, limit: int, found: Sequence[Need]) -> Decision:
    """Decide after an answer. ``limit`` is what `limit_of` says, ``found`` what `needs` found, the first to be asked.

    Raises:
        ValueError: the question was not answered, or a follow-up still waits; there is nothing to decide yet.
    """
    if not is_due(exchange):
        raise ValueError("nothing is to be decided before there is an answer")
    last = exchange.follow_ups[-1].answer if exchange.follow_ups else exchange.answer
    if not (last or "").strip():
        return Decision(FollowUpReason.PASSED_OVER)
    if len(exchange.follow_ups) >= limit:
        return Decision(FollowUpReason.ENOUGH_ASKED)
    if has_nothing_to_add(last or ""):
        return Decision(FollowUpReason.NOTHING_TO_ADD)
    if not found:
        return Decision(FollowUpReason.NOTHING_MISSING)
    return Decision(FollowUpReason.MISSING, found[0].probe.id, found[0].missing)


def is_due(exchange: Exchange) -> bool:
    """Say whether there is something to decide: the question is answered, and so is each follow-up or passed over."""
    return bool(exchange.answer.strip()) and all(one.answer is not None for one in exchange.follow_ups)


def has_nothing_to_add(text: str) -> bool:
    """Say whether an answer says, as a whole or in its last sentence, that there is nothing to add (English)."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").casefold().strip()
    last = _SENTENCE_ENDS.split(plain.rstrip(".!? \n\t"))[-1]
    return any(
        _NOTHING_TO_ADD.fullmatch(" ".join(part.strip(" .!?\n\t-–—").split())) for part in (plain, last) if part.strip()
    )


def because(decision: Decision, rubric: Rubric) -> str:
    """The reason in one plain sentence, for people who look at what was asked."""
    if decision.reason is not FollowUpReason.MISSING:
        return _WHY_NOT[decision.reason]
    texts = {i.id: i.text for c in rubric.competencies for anchor in c.anchors for i in anchor.indicators}
    named = "; ".join(texts[one] for one in decision.missing if one in texts)
    return f"Asked because nothing was said yet about: {named}." if named else "Asked because little was said yet."


def answer_key(question_id: str, probe_id: str) -> str:
    """The key under which the answer to a follow-up is kept among the drafts; no question's id holds a slash."""
    return f"{question_id}/{probe_id}"


def transcript_with(
    plan: Plan, answers: Mapping[str, str], asked: Mapping[str, Sequence[tuple[str, str]]]
) -> Transcript:
    """Lay questions, follow-ups and answers out as turns; a follow-up's turns have the id of the question it belongs to.

    ``asked`` gives (probe id, text) of a question's follow-ups in the order in which they were asked. What has no answer
    stands alone: silence is not an answer.
    """
    turns: list[Turn] = []

    def say(speaker: Speaker, text: str, question_id: str) -> None:
        if text.strip():
            turns.append(Turn(len(turns), speaker, text, question_id))

    for question in plan.questions:
        say(Speaker.INTERVIEWER, question.text, question.id)
        say(Speaker.CANDIDATE, answers.get(question.id, ""), question.id)
        for probe_id, text in asked.get(question.id, ()):
            say(Speaker.INTERVIEWER, text, question.id)
            say(Speaker.CANDIDATE, answers.get(answer_key(question.id, probe_id), ""), question.id)
    return Transcript(tuple(turns))


def _shown_beside(rubric: Rubric, question: Question, need: Need, shown: frozenset[str]) -> int:
    """How many indicators were shown of the competencies that a probe speaks to; of all the question's, if of none."""
    held = {
        competency: {i.id for anchor in rubric.competency(competency).anchors for i in anchor.indicators}
        for competency in question.competencies
    }
    spoken = [ids for ids in held.values() if ids.intersection(need.missing)] or list(held.values())
    return sum(len(ids & shown) for ids in spoken)


_WHY_NOT = {
    FollowUpReason.ENOUGH_ASKED: "Nothing more was asked: the most that the interview allows had been asked.",
    FollowUpReason.NOTHING_TO_ADD: "Nothing more was asked: the candidate had nothing to add.",
    FollowUpReason.PASSED_OVER: "Nothing more was asked: the candidate passed the follow-up over.",
    FollowUpReason.NOTHING_MISSING: "Nothing more was asked: the answers show something of all that the probes ask for.",
    FollowUpReason.MODEL_SAW_NOTHING_MISSING: "Nothing more was asked: the model found that no planned probe was needed.",
}
