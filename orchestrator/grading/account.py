"""Structural signals of an answer: whether it gives an account that an interviewer could follow up.

Structured interviewing asks for a situation, what the person did, and what came of it; reflection shows learning. Each
signal is there or not, whatever the length. English only: in other languages no signal is found, which raises nothing.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum


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


def signals(texts: Sequence[str]) -> tuple[Signal, ...]:
    """The parts of an account that these sentences show, in a fixed order."""
    return tuple(signal for signal, pattern in _CUES.items() if any(pattern.search(text) for text in texts))
