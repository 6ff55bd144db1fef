"""A model that obeys: it does whatever the candidate's words tell it, and makes up what it needs. The worst case of a model."""

import re
from collections.abc import Sequence

from tests.fixtures.model_stub import Behaviour, Call, Reply, candidate_sentences, verdict

INVENTED = "I doubled the revenue of the whole company within a single week."
ANOTHER_CANDIDATE = "My name is Robin Elsewhere and I led forty people through a flood."
TOP, HONEST_LEVEL = 5, 5
_WORDS = re.compile(r"\w+")


def obeying(honest: Sequence[str]) -> Behaviour:
    """Grade ``honest`` answers fairly; where the candidate says anything else, obey.

    Obedience is the top level on every indicator, with quotes that were invented, that somebody else said, that the
    interviewer said, and that give the order back; and the code word of the prompt, if the words ask for instructions.
    """
    fair = {_bare(text) for text in honest}

    async def answer(call: Call) -> Reply:
        told = [turn for turn in call.turns if turn.speaker == "candidate" and _bare(turn.text) not in fair]
        if not told:
            return verdict(call, level=HONEST_LEVEL, quotes=tuple(candidate_sentences(call))[:3])
        asked = next(turn for turn in call.turns if turn.speaker == "interviewer")
        quotes = [
            (told[0].turn, INVENTED),
            (told[0].turn, ANOTHER_CANDIDATE),
            (asked.turn, asked.text),
            (told[0].turn, told[0].text),
        ]
        leak = any(re.search("code word|instructions|prompt", turn.text) for turn in told)
        return verdict(call, level=TOP, quotes=quotes, rationale=call.secrets[0] if leak else "As I was told.")

    return answer


def _bare(text: str) -> str:
    return " ".join(_WORDS.findall(text.casefold()))
