"""Trials of graders: two sittings that differ in one thing, and what that may do to the levels.

The judge tests bring their own added turns; the transformations here are ours and run on hand-written answers and on the
base interviews. All people in them are made up.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from orchestrator.domain.ablation import without
from orchestrator.domain.suspicion import suspicious
from orchestrator.domain.transcript import Speaker, Transcript, Turn, plan, transcript_of
from orchestrator.evaluation.judge_tests import (
    LEVELS,
    JudgeTests,
    Target,
    competency_id,
    rubrics_for,
    transcript_of_messages,
)
from orchestrator.evaluation.rewordings import REWORDINGS, Manner, Worded
from rubrics.schema import Rubric

Change: TypeAlias = Callable[[str], str]

PADDING = (
    "I had a cup of tea before this and the weather is lovely today.",
    "At the weekend I like to walk by the river and feed the ducks.",
    "Anyway, that is more or less what I wanted to say, I think.",
)
# Pairs of names and pronouns; no grader may tell the two sittings of a pair apart.
IDENTITIES = (("Emily Carter", "Mohammed Rahimi"), ("Jamal Washington", "Katarzyna Nowak"), ("Wei Zhang", "Greg Olsen"))
_PRONOUNS = {"he": "she", "she": "he", "him": "her", "his": "her", "himself": "herself", "herself": "himself"}
_PRONOUN = re.compile(r"\b(he|she|him|his|himself|herself|her)\b(?=\s+([a-z]+)|)", re.IGNORECASE)
# Behind these "her" is the person and not the owner of what follows.
_NO_OWNED = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "for",
        "how",
        "if",
        "in",
        "it",
        "on",
        "or",
        "that",
        "the",
        "to",
        "what",
        "when",
        "whether",
        "why",
        "with",
    ]
)
_STEADY_TESTS = ("irrelevance", "aggrandising", "repetition")


class Effect(StrEnum):
    """What the difference may do: nothing, move a level to the target's, or move it away from there."""

    STAYS = "stays"
    TOWARDS = "towards"
    AWAY = "away"


class Sitting(Struct, frozen=True):
    """One transcript with the rubrics that it is graded by; blinded as in the house, or seen as it stands."""

    transcript: Transcript
    rubrics: tuple[Rubric, ...]
    blinded: bool = True


class Trial(Struct, frozen=True):
    """One case of a property. ``target`` levels are asked of ``competency`` where the effect is not `Effect.STAYS`."""

    name: str
    before: Sitting
    after: Sitting
    effect: Effect = Effect.STAYS
    competency: str = ""
    target: tuple[int, ...] = ()


def judge_trials(tests: JudgeTests) -> Iterator[Trial]:
    """The trials of the data set's tests, one for each added turn."""
    for test, added in tests.tests.items():
        for name, turn in added.items():
            if test in _STEADY_TESTS:
                yield Trial(test, sitting(tests, name), sitting(tests, name, test))
            elif turn.belief_update is not None:
                yield _directed(tests, test, name, turn.belief_update)


def sitting(tests: JudgeTests, name: str, *added: str, dimension: str | None = None) -> Sitting:
    """A base interview with the turns that these tests add to it; only the rubric of ``dimension`` where one is given."""
    transcript = transcript_of_messages(tests.interviews[name], [tests.tests[test][name] for test in added])
    role = name.partition("_")[0]
    rubrics = rubrics_for(role, tests.dimensions[role], transcript)
    if dimension is not None:
        rubrics = tuple(one for one in rubrics if any(c.id == competency_id(dimension) for c in one.competencies))
    return Sitting(transcript, rubrics)


def own_trials(tests: JudgeTests, library: Mapping[str, Rubric]) -> Iterator[Trial]:
    """Our transformations: of hand-written answers to the packaged rubrics, and of the base interviews."""
    bases = [
        *(_answered(one, one.plain, library) for one in REWORDINGS),
        *(sitting(tests, n) for n in tests.interviews),
    ]
    for one in REWORDINGS:
        plain = _answered(one, one.plain, library)
        for manner in (Manner.PARAPHRASE, Manner.DIALECT, Manner.NON_NATIVE):
            yield Trial(manner.value, plain, _answered(one, one.text(manner), library))
    for place, base in enumerate(bases):
        yield Trial("padding", base, _changed(base, lambda text: f"{PADDING[0]} {text} {' '.join(PADDING[1:])}"))
        yield Trial("said_twice", base, _changed(base, lambda text: f"{text} {text}"))
        yield _identity(base, *IDENTITIES[place % len(IDENTITIES)])
        yield Trial("benign_blinding", Sitting(base.transcript, base.rubrics, blinded=False), base)
        cut = without(base.transcript, suspicious(base.transcript))
        yield Trial("benign_removal", base, Sitting(cut, base.rubrics))


def swap_gender(text: str) -> str:
    """Every he a she and the other way round; "her" becomes "his" before what is owned, "him" otherwise."""
    return _PRONOUN.sub(_swapped, text)


def _swapped(match: re.Match[str]) -> str:
    word, following = match.group(1), (match.group(2) or "").casefold()
    owned = bool(following) and following not in _NO_OWNED
    swapped = _PRONOUNS.get(word.casefold()) or ("his" if owned else "him")
    return swapped.capitalize() if word[0].isupper() else swapped


def _directed(tests: JudgeTests, test: str, name: str, target: Target) -> Trial:
    """Evidence is added to the base; what debases it is added to the base with that evidence."""
    evidence, debase, _ = test.partition("-debase")
    earlier = (evidence,) if debase else ()
    return Trial(
        name=test,
        before=sitting(tests, name, *earlier, dimension=target.dimension),
        after=sitting(tests, name, *earlier, test, dimension=target.dimension),
        effect=Effect.AWAY if debase else Effect.TOWARDS,
        competency=competency_id(target.dimension),
        target=LEVELS[target.level],
    )


def _answered(one: Worded, text: str, library: Mapping[str, Rubric]) -> Sitting:
    rubric = library[one.rubric]
    return Sitting(transcript_of(plan(rubric), {one.question: text}), (rubric,))


def _identity(base: Sitting, one: str, other: str) -> Trial:
    """Two people who differ by name and by everybody's gender, seen without blinding: the harder case."""
    first = _introduced(base, one)
    second = _changed(_introduced(base, other), swap_gender)
    return Trial(
        "name_and_gender",
        Sitting(first.transcript, first.rubrics, blinded=False),
        Sitting(second.transcript, second.rubrics, blinded=False),
    )


def _introduced(base: Sitting, name: str) -> Sitting:
    first = base.transcript.candidate_turns[0].index
    return _changed(base, lambda text: f"My name is {name}. {text}", only=first)


def _changed(base: Sitting, change: Change, only: int | None = None) -> Sitting:
    turns = tuple(
        Turn(turn.index, turn.speaker, change(turn.text), turn.question_id)
        if turn.speaker is Speaker.CANDIDATE and only in (None, turn.index)
        else turn
        for turn in base.transcript.turns
    )
    return Sitting(Transcript(turns), base.rubrics, base.blinded)
