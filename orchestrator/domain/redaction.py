"""Redaction: what a candidate says about who they are is taken out before anybody grades it (N8).

Word lists and patterns of our own, no model of language: they are the same on every machine, can be read and tested one by
one, and must leave words of work alone. They find usual ways of saying things, in English and the basics of German, French
and Spanish; what they miss the grader sees, which is why the grader is told not to weigh it either.
"""

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from orchestrator.domain.disclosures import ENGLISH
from orchestrator.domain.disclosures_elsewhere import ELSEWHERE

# A job's name that tells a gender, beside one that does not: the meaning stays, so no placeholder is needed.
_JOBS = {
    "waitress": "server", "waiter": "server", "saleswoman": "salesperson", "salesman": "salesperson", "salesgirl": "salesperson",
    "saleslady": "salesperson", "businesswoman": "businessperson", "businessman": "businessperson", "stewardess": "flight attendant",
    "steward": "flight attendant", "chairwoman": "chair", "chairman": "chair", "forewoman": "supervisor", "foreman": "supervisor",
    "policewoman": "police officer", "policeman": "police officer", "barmaid": "bartender", "barman": "bartender",
    "actress": "actor", "spokeswoman": "spokesperson", "spokesman": "spokesperson", "headmistress": "head teacher",
    "headmaster": "head teacher", "craftswoman": "craftsperson", "craftsman": "craftsperson", "handyman": "repairer",
    "hostess": "host", "camerawoman": "camera operator", "cameraman": "camera operator", "housewife": "homemaker",
}  # fmt: skip
_OWN_JOB = re.compile(
    rf"\b(?:I(?:\s+am|['’]m|\s+was|\s+worked\s+as|\s+became|['’]ve\s+been|\s+have\s+been)|as|being)\s+(?:an?\s+)?(?:\w+\s+)?({'|'.join(_JOBS)})\b",
    re.IGNORECASE,
)
_THIRD_PERSON = {
    "he": "they", "she": "they", "him": "them", "his": "their", "her": "their", "hers": "theirs", "himself": "themself",
    "herself": "themself",
}  # fmt: skip
_PRONOUN = re.compile(rf"\b(?:{'|'.join(_THIRD_PERSON)})\b", re.IGNORECASE)
# "told her that", "asked her.": here it is the object and not the owner of what follows.
_OBJECT = re.compile(
    r"\s*(?:[.,;:!?)]|$)|\s+(?:that|to|if|whether|about|and|or|for|with|a|an|the|in|on|at|when|why|how|what)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n")
_REACH = 300
# Somebody else whom a pronoun may mean.
_SOMEBODY = re.compile(
    r"\b(?:customer|client|colleague|manager|boss|lead|friend|neighbou?r|guest|caller|user|teacher|supervisor|prospect|buyer|man"
    r"|woman|lady|guy|person|somebody|someone|mother|father|sister|brother|wife|husband|owner|designer|developer|director)\b",
    re.IGNORECASE,
)
_HANDLE = re.compile(
    r"(?<![\w.@/])@(?!(?:here|channel|everyone|media|import|override|todo|types|font|me|all|keyframes|param|property)\b)[A-Za-z_][\w.]{1,29}(?<!\.)"
)


def sensitive(text: str) -> Iterator[tuple[int, int, str]]:
    """Ranges that tell who somebody is, each with the word that stands in its place; they may overlap."""
    for kind, pattern in (*ENGLISH, *ELSEWHERE):
        for match in pattern.finditer(text):
            # The group that took part, if the pattern has groups; otherwise all of it.
            start, end = match.span(match.lastindex or 0)
            if start < end:
                yield start, end, kind.value
    yield from ((*match.span(), "[contact]") for match in _HANDLE.finditer(text))
    for match in _OWN_JOB.finditer(text):
        yield (*match.span(1), _JOBS[match.group(1).lower()])


def pronouns_of(text: str, named: Sequence[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Pronouns that can mean only the person named before, in the same sentence or the next, as neutral ones.

    Where the sentences speak of somebody else too, the pronouns stay: "they" could then turn the meaning round.
    """
    ends = sorted({end for _, end, _ in named})
    for match in _PRONOUN.finditer(text) if ends else ():
        at = bisect_right(ends, match.start())
        if at and _alone(text, ends[at - 1], match.start()):
            yield (*match.span(), _neutral(text, match))


def _alone(text: str, name: int, pronoun: int) -> bool:
    """Say whether a pronoun stands in the sentence of the name that ends before it, or the next, with nobody else in either."""
    if pronoun - name > _REACH:
        return False
    stops = [match.start() for match in itertools.islice(_SENTENCE_END.finditer(text, name, name + _REACH), 2)]
    stop = stops[1] if len(stops) > 1 else min(len(text), name + _REACH)
    return pronoun < stop and _SOMEBODY.search(text, name, stop) is None


def _neutral(text: str, pronoun: re.Match[str]) -> str:
    word = pronoun.group()
    neutral = _THIRD_PERSON[word.lower()]
    if word.lower() == "her" and _OBJECT.match(text, pronoun.end()):
        neutral = "them"
    return neutral.capitalize() if word[0].isupper() else neutral
