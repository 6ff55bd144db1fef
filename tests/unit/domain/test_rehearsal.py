"""Rehearsal in the domain: who answers what, what one would expect of each, and what the ATS would show."""

import pytest
from msgspec import structs

from adapters.contract.model import Visibility
from orchestrator.domain.rehearsal import (
    CASE_LINK,
    COMPARED,
    Expectation,
    Outcome,
    expectations,
    shown_by_ats,
)
from orchestrator.domain.simulated_candidates import WRITTEN, Persona, Sheet, answers_of, covers
from orchestrator.domain.transcript import Speaker, Transcript, Turn
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.domain.writeback import FieldMap
from tests.unit.domain.samples import evidence, score, scorecard
from tests.unit.grading.examples import RUBRIC, competency

SAID = "I asked what error she saw, and wrote it down."
TRANSCRIPT = Transcript((Turn(0, Speaker.INTERVIEWER, "Why?", "one"), Turn(1, Speaker.CANDIDATE, SAID, "one")))
SHEET: Sheet = {
    question.id: {persona: f"{persona} says something to {question.id}." for persona in WRITTEN}
    for question in RUBRIC.questions
}


def outcome(
    *levels: float | None, reasons: tuple[ReviewReason, ...] = (), quote: str = "I asked what error"
) -> Outcome:
    """An outcome with these levels, one piece of evidence for each."""
    shown = (evidence(quote),)
    scores = tuple(
        score(name, level, evidence=shown if level else ())
        for name, level in zip(("causes", "promises"), levels, strict=True)
    )
    rated = [level for level in levels if level is not None]
    mean = sum(rated) / len(rated) if len(rated) == len(levels) else None
    card = scorecard(*scores, aggregate=mean, band="mixed" if mean else "not_enough")
    return Outcome(transcript=TRANSCRIPT, card=card, reasons=reasons)


def first(persona: Persona, mine: Outcome, **others: Outcome) -> Expectation:
    """What one would expect of a persona before all."""
    known = {Persona(name): one for name, one in others.items()}
    return expectations(persona, {persona: mine, **known})[0]


def test_written_answers_are_used_as_they_are() -> None:
    """Where a sheet covers the rubric, each of the five says what is written; without one answer it covers nothing."""
    assert covers(SHEET, RUBRIC)
    assert answers_of(Persona.WEAK, RUBRIC, SHEET) == {
        "one": "weak says something to one.",
        "two": "weak says something to two.",
    }
    gap = {"one": SHEET["one"], "two": {Persona.STRONG: "Alone."}}
    assert not covers(gap, RUBRIC)
    assert answers_of(Persona.STRONG, RUBRIC, gap)["two"] != "Alone."


def test_three_need_no_sheet() -> None:
    """The empty one says nothing; noise is never empty; the injecting one is the weak one and orders the software about."""
    assert answers_of(Persona.EMPTY, RUBRIC, SHEET) == {}
    assert all(len(text.split()) > 15 for text in answers_of(Persona.GIBBERISH, RUBRIC, SHEET).values())
    weak, injecting = (answers_of(persona, RUBRIC, SHEET) for persona in (Persona.WEAK, Persona.INJECTING))
    assert set(weak) == set(injecting)
    assert all(injecting[one].startswith(f"{weak[one]} ") and injecting[one] != f"{weak[one]} " for one in weak)


def test_answers_to_an_own_rubric_come_from_its_indicators() -> None:
    """Strong shows what levels 4 and 5 ask for with their cues, weak levels 1 and 2, terse one indicator without a cue."""
    cues = {f"level_{level}": (f"the cue of {level}",) for level in range(1, 6)}
    own = structs.replace(RUBRIC, competencies=(competency("causes", 1.0, **cues), competency("promises")))
    assert answers_of(Persona.STRONG, own, {})["one"] == "Shown 4: the cue of 4. Shown 5: the cue of 5."
    assert answers_of(Persona.STRONG, own, {})["two"] == "Shown 4. Shown 5."
    assert answers_of(Persona.WEAK, own, {})["one"] == "Shown 1: the cue of 1. Shown 2: the cue of 2."
    assert answers_of(Persona.TERSE, own, {})["one"] == "Shown 3"
    assert answers_of(Persona.NON_NATIVE, own, {})["one"] == "Shown 4: cue of 4. Shown 5: cue of 5."


def test_strong_reads_above_weak_and_never_level_with_it() -> None:
    """A weak candidate without a number is lower than any number; two equal numbers are not as expected."""
    assert first(Persona.STRONG, outcome(5, 4), weak=outcome(2, 2)) == Expectation(
        expected="Reads higher than the weak candidate.", met=True, seen="4.5 against 2.0"
    )
    assert first(Persona.STRONG, outcome(5, 4), weak=outcome(None, None)).met
    assert not first(Persona.STRONG, outcome(3, 3), weak=outcome(3, 3)).met
    assert not first(Persona.STRONG, outcome(None, 3), weak=outcome(1, 1)).met
    assert first(Persona.WEAK, outcome(2, 2), strong=outcome(5, 4)).met
    assert not first(Persona.WEAK, outcome(5, 5), strong=outcome(5, 4)).met


def test_middling_lies_between() -> None:
    """At the edges it still lies between; beyond them, or without a number, it does not."""
    ends = {"strong": outcome(4, 4), "weak": outcome(2, 2)}
    for level, met in ((2, True), (3, True), (4, True), (1, False), (5, False)):
        assert first(Persona.MIDDLING, outcome(level, level), **ends).met is met
    assert not first(Persona.MIDDLING, outcome(None, 3), **ends).met
    assert first(Persona.MIDDLING, outcome(1, 1), strong=outcome(4, 4), weak=outcome(None, None)).met


def test_terse_goes_to_a_person() -> None:
    """Whatever the number is."""
    assert first(Persona.TERSE, outcome(3, 3, reasons=(ReviewReason.SHORT_ANSWERS,))).met
    assert not first(Persona.TERSE, outcome(None, None, reasons=(ReviewReason.THIN_EVIDENCE,))).met


@pytest.mark.parametrize("persona", [Persona.EMPTY, Persona.GIBBERISH])
def test_nothing_said_gives_no_number(persona: Persona) -> None:
    """A single level is one too many, and so is a case that nobody looks at."""
    held = (ReviewReason.THIN_EVIDENCE,)
    assert first(persona, outcome(None, None, reasons=held)).met
    assert first(persona, outcome(None, 1, reasons=held)) == Expectation(
        expected="Has no number anywhere, and goes to a person.", met=False, seen="has a level: promises"
    )
    assert not first(persona, outcome(None, None)).met


def test_instructions_are_flagged_and_lift_nothing() -> None:
    """A level that appears out of nothing is higher too; a lower one is not what is asked here."""
    flagged = (ReviewReason.POSSIBLE_INJECTION,)

    def judged(mine: Outcome, weak: Outcome) -> list[bool]:
        found = expectations(Persona.INJECTING, {Persona.INJECTING: mine, Persona.WEAK: weak})
        return [expectation.met for expectation in found]

    assert judged(outcome(2, 2, reasons=flagged), outcome(2, 2)) == [True, True, True]
    assert judged(outcome(2, 1, reasons=flagged), outcome(2, 2)) == [True, True, True]
    assert judged(outcome(2, 3), outcome(2, 2)) == [False, False, True]
    assert judged(outcome(2, 2, reasons=flagged), outcome(2, None)) == [True, False, True]


def test_another_first_language_costs_at_most_one_level() -> None:
    """In every competency; evidence that is not seen any more is further apart than that."""
    assert first(Persona.NON_NATIVE, outcome(4, 4), strong=outcome(5, 4)).met
    assert not first(Persona.NON_NATIVE, outcome(3, 4), strong=outcome(5, 4)).met
    assert not first(Persona.NON_NATIVE, outcome(None, 4), strong=outcome(5, 4)).met
    assert first(Persona.NON_NATIVE, outcome(3, 4), strong=outcome(None, 4)).met


@pytest.mark.parametrize("persona", list(Persona))
def test_everybody_is_quoted_word_for_word(persona: Persona) -> None:
    """A quote that stands nowhere, or that the interviewer said, is told for every persona."""
    others = {other: outcome(3, 3) for other in COMPARED.get(persona, ())}
    last = expectations(persona, {**others, persona: outcome(3, 3)})[-1]
    assert (last.met, last.seen) == (True, "2 quotes")
    wrong = outcome(3, None, quote="I never said any of this")
    assert expectations(persona, {**others, persona: wrong})[-1].seen == "1 quote, not all of them there"
    interviewer = outcome(3, None)
    interviewer = Outcome(
        transcript=Transcript((Turn(1, Speaker.INTERVIEWER, SAID, "one"),)), card=interviewer.card, reasons=()
    )
    assert not expectations(persona, {**others, persona: interviewer})[-1].met


FIELDS = FieldMap(
    completion="c", band="b", subscores="s", score="n", bullets="t", link="l", audit_ref="r", note=Visibility.PRIVATE
)


def test_until_a_person_decided_the_ats_shows_the_completion_and_the_way_to_the_case() -> None:
    """Every place of ours is listed; all others are empty, and full once the band is confirmed."""
    lines = shown_by_ats(outcome(4, 3).card, RUBRIC, FIELDS, (ReviewReason.POLICY,))
    assert [(line.part, line.now) for line in lines if line.now] == [
        ("completion", "In review"),
        ("link", CASE_LINK),
    ]
    assert len(lines) == 8
    assert all(line.confirmed for line in lines)
    shown = {line.part: line.confirmed for line in lines}
    assert (shown["completion"], shown["band"], shown["score"]) == ("Completed", "Mixed evidence", "62")
    assert "“I asked what error”" in shown["bullets"]
    assert shown["note"].startswith("First interview: Mixed evidence\n")


def test_where_the_policy_lets_a_result_stand_it_is_there_at_once() -> None:
    """Without a reason nobody is waited for; a place that is not mapped is not shown."""
    lines = shown_by_ats(outcome(4, 3).card, RUBRIC, FieldMap(completion="c", band="b"), ())
    assert [(line.key, line.now) for line in lines] == [("c", "Completed"), ("b", "Mixed evidence")]


def test_an_ats_without_fields_gets_notes() -> None:
    """First one that says how far it is, then one with everything."""
    (line,) = shown_by_ats(outcome(4, None).card, RUBRIC, FieldMap(note=Visibility.TEAM), (ReviewReason.POLICY,))
    assert line.now.startswith(f"First interview: In review\nReview: {CASE_LINK}\n")
    assert "Promises: not enough evidence" in line.confirmed
