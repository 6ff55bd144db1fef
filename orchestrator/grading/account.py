"""Structural signals of an answer: whether it gives an account that an interviewer could follow up.

Structured interviewing asks for a situation, what the person did, and what came of it; reflection shows learning. Each
signal is there or not, whatever the length. English only: in other languages no signal is found, which raises nothing.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from orchestrator.domain.blinding import Span
from orchestrator.domain.suspicion import suspicious_spans
from orchestrator.grading.wording import Sentence, sentences


class Signal(StrEnum):
    """A part of an account; the value is how the rationale names it."""

    SITUATION = "a concrete situation"
    ACTION = "steps of one's own"
    RESULT = "a result"
    REFLECTION = "what was learned"


ACCOUNT = 3
_IRREGULAR = "found|told|made|wrote|gave|took|went|sent|set|built|kept|led|ran|spoke|began|brought|chose|drew|held|read|sold|taught|put|got|rang|met"
_CUES: Mapping[Signal, re.Pattern[str]] = {
    Signal.SITUATION: re.compile(
        r"""(?ix)
        \b(last|one|that|this|every)\s+(year|spring|summer|autumn|fall|winter|month|week|weekend|morning|evening|day|time|shift)\b
        | \bwhen\s+(i|we)\s+(was|were|worked|started|had)\b
        | \b(at|in|during)\s+(my|our)\s+(\w+\s+)?(job|role|team|company|school|shop|store|internship|course|term|shift|studies)\b
        | \b(a|one|our)\s+(customer|client|colleague|classmate|neighbour|neighbor|guest|patient|prospect|friend|tenant|member)\b
        | \bin\s+(january|february|march|april|may|june|july|august|september|october|november|december|(19|20)\d\d)\b
        """
    ),
    Signal.ACTION: re.compile(
        rf"""(?ix)
        \b(i|we)\s+(\w+ly\s+|then\s+|also\s+|first\s+)?(\w{{2,}}ed|{_IRREGULAR})\b
        | \b(i|we)(\s+(will|would)|['’](ll|d))\s+(\w+ly\s+|then\s+|also\s+|first\s+)?[a-z]{{3,}}\b
        """
    ),
    Signal.RESULT: re.compile(
        r"""(?ix)
        \b(as\s+a\s+result|in\s+the\s+end|turned\s+out|so\s+that|which\s+meant|afterwards)\b
        | \b(resolved|solved|fixed|worked|thanked|renewed|delivered|finished|signed|booked|closed|won)\b
        | \b(increas|reduc|improv|dropp|doubl|halv|saved|fell|rose|grew)\w*\b
        | \b\d+([.,]\d+)?\s*(%|per\s?cent|percent|minutes|hours|days|weeks|customers|tickets|calls|meetings|orders|people)
        """
    ),
    Signal.REFLECTION: re.compile(
        r"""(?ix)
        \b(i|we)\s+(learned|learnt|realised|realized)\b | \b(looking\s+back|next\s+time|since\s+then|from\s+then\s+on)\b
        | \bnow\s+i\b | \bwhat\s+i\s+(learned|learnt|took)\b | \bi\s+would\s+(now\s+)?do\s+\w+\s+differently\b
        """
    ),
}


# Saying that one does not do something, or not always. Words that only sound modest (perhaps, I think, kind of) are left
# out: they are a manner of speaking, and manners differ between groups of people.
_LIMITS = re.compile(
    r"""(?ix)
    \b(i|we)\s+(\w+ly\s+|just\s+)?(do|did|have|had|was|were|am|are|would|could|can)(n['’]t|\s+not)\b
    | \b(i['’]m|we['’]re|i['’]ve|we['’]ve)\s+not\b | \b(i|we)\s+(never|rarely|seldom|hardly|barely)\b
    | (\bnot|n['’]t)\s+(be\s+|been\s+)?(always|consistent\w*|every|formal\w*|systematic\w*|strict\w*|deliberate\w*|typically|usually|regular\w*)\b
    | \b(it|that|this)\s+(just\s+)?(depends|depended|varies|varied|slips|slipped)\b | \b(ad\s+hoc|inconsistent\w*|informal\w*|by\s+eye|on\s+the\s+fly)\b
    | \b(sometimes|mostly|most\s+of\s+the\s+time|best[\s-]case|whatever)\b | \bonly\s+(when|if)\b
    """
)


def limits(text: str) -> bool:
    """Say whether a text says that something is not done, or not always. English only."""
    return _LIMITS.search(text) is not None


def signals(texts: Sequence[str]) -> tuple[Signal, ...]:
    """The parts of an account that these sentences show, in a fixed order."""
    return tuple(signal for signal, pattern in _CUES.items() if any(pattern.search(text) for text in texts))


def counted(text: str, suspicious: Sequence[Span]) -> tuple[Sentence, ...]:
    """The sentences of a text that count: each once, and none that touches a span which speaks to a grader (N11)."""
    kept: dict[tuple[str, ...], Sentence] = {}
    for one in sentences(text):
        if not any(span.start < one.end and one.start < span.end for span in suspicious):
            kept.setdefault(one.stems, one)
    return tuple(kept.values())


def speaks_to_a_grader(text: str) -> bool:
    """Say whether a text gives orders to whoever rates it (N11)."""
    return bool(suspicious_spans(text))
