"""Answers that are not one's own: the question given back, a template left as it was, what a chat program says of itself."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_RUN = 5
_OWN_WORDS = 5
_OWN_SHARE = 0.2
_MIN_SAME = 8
# Gaps that a template leaves for its user. A letter to a customer may hold one or two: that is a fair answer.
_GAP = re.compile(
    r"[\[{<(]\s*(?:your|insert|enter|add|company|customer|name|number|product|specific|describe|relevant|example|position|job"
    r"|skill|role|date|xx+|ihr|dein|votre|tu|su)\b[^\]})>\n]{0,60}[\]})>]",
    re.IGNORECASE,
)
_MANY_GAPS = 3
_BOILERPLATE = re.compile(
    r"""(?ix)
    \bas\s+an?\s+(?:ai|artificial\s+intelligence|large\s+language\s+model|language\s+model)\b
    | \bi\s+(?:do\s+not|don['’]t)\s+have\s+(?:personal|real-life|real\s+world|lived)\s+(?:experiences?|opinions?|feelings)\b
    | \b(?:certainly|sure|absolutely|of\s+course)\s*[!,.:]\s*here(?:['’]s|\s+is|\s+are)\s+(?:an?|the|your|some)\s+(?:\w+\s+){0,4}?(?:answer|response|example|sample|draft|version|template)
    | \bhere(?:['’]s|\s+is)\s+(?:an?|your)\s+(?:\w+\s+){0,3}?(?:sample|example|possible|polished|star)\s+(?:\w+\s+){0,2}?(?:answer|response)
    | \b(?:feel\s+free\s+to|you\s+can|you\s+may\s+want\s+to)\s+(?:adapt|tailor|customi[sz]e|adjust|personali[sz]e|modify|tweak)\s+(?:this|it|the|these)\b
    | \bwould\s+you\s+like\s+me\s+to\s+(?:tailor|adjust|rewrite|shorten|make|customi[sz]e|refine|revise)\b
    | \blet\s+me\s+know\s+if\s+you(?:['’]d|\s+would)\s+like\s+(?:me\s+to\s+)?(?:a\s+different|another|tailor|adjust|refine|more\s+(?:examples|versions))
    | \blorem\s+ipsum\b | \b(?:type|write|enter|insert)\s+your\s+answer\s+here\b
    """
)


def is_boilerplate(text: str) -> bool:
    """Say whether a text speaks as a chat program does, or still has the gaps of a template."""
    return _BOILERPLATE.search(text) is not None or len(_GAP.findall(text)) >= _MANY_GAPS


def gives_back(text: str, asked: Sequence[str]) -> bool:
    """Say whether a text holds next to nothing but what was asked: a question quoted before its answer is no copy."""
    words = _words(text)
    runs = {run for question in asked for run in _runs(_words(question))}
    borrowed = {place for at, run in enumerate(_runs(words)) if run in runs for place in range(at, at + _RUN)}
    own = len(words) - len(borrowed)
    return bool(borrowed) and own < max(_OWN_WORDS, _OWN_SHARE * len(words))


def same_answers(texts: Sequence[str]) -> bool:
    """Say whether one and the same answer, of some length, was given to at least two questions and to half of all."""
    said = [tuple(_words(text)) for text in texts]
    most = max((said.count(words) for words in set(said) if len(words) >= _MIN_SAME), default=0)
    return most > 1 and most * 2 >= len(said)


def _words(text: str) -> list[str]:
    return [word.casefold().replace("’", "'") for word in _WORD.findall(text)]


def _runs(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)]
