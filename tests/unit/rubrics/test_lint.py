"""Each lint rule against a spoiled copy of a good rubric: the code, the line, and what a person reads."""

import re
from pathlib import Path

import pytest

from rubrics.lint import RULES, Finding, Severity, lint
from rubrics.loader import load_sources
from tests.unit.rubrics.samples import GOOD, read, spoiled

QUESTION = "A customer asks for a loaf you have never heard of. What would you do?"
ANCHOR = "behaviour: Counts the coins once, in the hand."
RELEVANCE = "The person at the counter closes the till alone, and differences are paid back by the shop each month."

# (code, old text, new text, part of the message)
CASES = [
    (
        "anchors-alike",
        ANCHOR,
        "behaviour: Gives change without a count!",
        "levels 1 and 2 read almost the same",
    ),
    ("contradiction", "cues: [aloud]", "cues: [once]", "'once' speaks for level 2 and for level 3"),
    (
        "contradiction",
        "text: Counts aloud",
        "text: Counts once",
        "'counts once' speaks for level 2 and for level 3",
    ),
    ("cue-form", "cues: [aloud]", "cues: [Aloud]", "'Aloud' must be lower case with single spaces"),
    ("cue-form", "cues: [aloud]", "cues: [a loud, a loud]", "the cue 'a loud' occurs twice"),
    ("duplicate-id", "  - id: counting\n", "  - id: serving\n", "the competency id 'serving' occurs twice"),
    ("duplicate-id", "{id: counting-2", "{id: serving-2", "the indicator id 'serving-2' occurs twice"),
    ("duplicate-id", "  - id: wrong-till", "  - id: unknown-loaf", "the question id 'unknown-loaf' occurs twice"),
    (
        "duplicate-id",
        "competencies: [counting]",
        "competencies: [counting, counting]",
        "the competency 'counting' occurs twice",
    ),
    (
        "duplicate-id",
        "asks_for: a check}\n",
        'asks_for: a check}\n      - {id: next-step, text: "What came next?", asks_for: a step}\n',
        "the probe id 'next-step' occurs twice",
    ),
    (
        "duplicate-id",
        "label: solve problems}\n",
        'label: solve problems}\n      - {uri: "http://data.europa.eu/esco/skill/adc6dc11-3376-467b-96c5-9b0a21edc869", label: solve}\n',
        "the ESCO skill 'http://data.europa.eu/esco/skill/adc6dc11-3376-467b-96c5-9b0a21edc869' occurs twice",
    ),
    (
        "unknown-competency",
        "competencies: [counting]",
        "competencies: [countin]",
        "there is no competency 'countin'; did you mean 'counting'?",
    ),
    (
        "unknown-competency",
        "competencies: [counting]",
        "competencies: [zebra]",
        "there is no competency 'zebra' (there are: serving, counting)",
    ),
    (
        "follow-ups",
        "max_follow_ups: 1",
        "max_follow_ups: 2",
        "2 follow-ups are allowed, 1 probes are planned",
    ),
    ("follow-ups", "max_follow_ups: 1", "max_follow_ups: 0", "probes are planned, but no follow-up is allowed"),
    ("no-job-link", RELEVANCE, "Important for the job.", "'important for the job' says nothing about this job"),
    ("no-job-link", RELEVANCE, "Money must be counted.", "has 4 words; a reason takes at least 12"),
    (
        "no-job-link",
        RELEVANCE,
        "The counter serves two hundred people each morning, and most of them do not know the names of the loaves.",
        "repeats what another entry says",
    ),
    (
        "band-labels",
        "label: Solid evidence",
        "label: Good",
        "the label of solid is 'Solid evidence', not 'Good'",
    ),
    ("band-cuts", "cut: 3.4", "cut: 4.4", "4.4 is not below the cut before it (4.2)"),
    ("band-cuts", "cut: 1.0", "cut: 1.5", "must be 1, so that every aggregate has a band"),
    ("band-cuts", "cut: 3.4", "cut: null", "solid needs a cut, its lowest aggregate"),
    ("band-cuts", "Not enough evidence, cut: null", "Not enough evidence, cut: 1", "has no cut; write null"),
    (
        "not-observable",
        ANCHOR,
        "behaviour: Understands why coins are counted.",
        "'understands' cannot be seen in an answer",
    ),
    ("not-observable", ANCHOR, "behaviour: Is aware of the price.", "'is aware of' cannot be seen in an answer"),
    ("not-observable", "text: Counts once", "text: Has a good sense of money", "'has a good sense' cannot be seen"),
    ("vague-word", ANCHOR, "behaviour: Counts the coins properly.", "'properly' leaves the judgement to the reader"),
    ("claim-word", "title: Bakery counter", "title: Objective bakery counter", "'objective' promises or threatens"),
    ("claim-word", ANCHOR, "behaviour: Fails to count.", "'fails' promises or threatens"),
    (
        "double-barrelled",
        QUESTION,
        "What would you sell? What would you keep back?",
        "asks more than one question",
    ),
    (
        "double-barrelled",
        QUESTION,
        "What would you sell, and how would you sell it?",
        "asks a second thing: 'and how would you'",
    ),
    ("double-barrelled", "What would you do next?", "What is next, and did you help?", "'and did you'"),
    (
        "leading-question",
        QUESTION,
        "How good are you with customers?",
        "'how good are you' suggests the answer",
    ),
    ("leading-question", QUESTION, "You would help at once, right?", "'right?' suggests the answer"),
    (
        "off-limits",
        'text: "What would you do next?"',
        'text: "How old are you?"',
        "'how old are you' is about age",
    ),
    ("off-limits", QUESTION, "What is your current salary?", "'your current salary' is about earlier pay"),
    ("off-limits", QUESTION, "What would you tell {first_name}?", "'{first_name}' is about a blank to fill in"),
    (
        "yes-no-question",
        QUESTION,
        "A customer waits. Would you help them?",
        "'Would you help them?' can be answered with yes or no",
    ),
    (
        "reading-level",
        QUESTION,
        (
            "Considering multifaceted organisational interdependencies, which communicative methodologies would"
            " characterise your prioritisation?"
        ),
        "; at most 9 here",
    ),
]

TRAITS = [
    "Speaks with confidence",
    "Shows a positive attitude",
    "Has no accent",
    "Shows enthusiasm",
    "Is a culture fit",
    "Has a neat appearance",
    "Has a warm personality",
    "Is young at heart",
    "Is in good health",
    "Has a family to feed",
    "Controls every emotion",
    "Smiles at the customer",
]


def line_of(words: str) -> int:
    """1-based line of the good rubric that begins with `words` first."""
    return next(number for number, line in enumerate(GOOD.splitlines(), start=1) if line.startswith(words))


def findings(text: str) -> list[Finding]:
    return list(lint(*read(text)))


def test_the_good_rubric_is_clean() -> None:
    """The sample that all cases start from has no finding, so that each case shows one rule."""
    assert findings(GOOD) == []


@pytest.mark.parametrize(("code", "old", "new", "message"), CASES)
def test_a_broken_rule_is_found_at_its_line(code: str, old: str, new: str, message: str) -> None:
    """A spoiled line is found by its rule, on that line, with words that name what is wrong."""
    text, line = spoiled(old, new)
    found = [finding for finding in findings(text) if message in finding.message]
    assert [finding.code for finding in found] == [code]
    assert found[0].line == line


@pytest.mark.parametrize("words", TRAITS)
@pytest.mark.parametrize(
    "place", ["text: Counts once", "cues: [once]", "name: Counting", "why: Our loaves have odd names."]
)
def test_traits_are_banned_wherever_they_stand(words: str, place: str) -> None:
    """Traits and protected characteristics are refused in anchors, cues, names and questions."""
    key = place.partition(":")[0]
    text, line = spoiled(place, f"{key}: [{words.lower()}]" if key == "cues" else f"{key}: {words}")
    assert [(f.line, f.severity) for f in findings(text) if f.code == "banned-trait"] == [(line, Severity.ERROR)]


def test_a_gap_and_a_double_in_the_scale() -> None:
    """The gap is told at the scale, the double where it stands."""
    text, line = spoiled("      - level: 3\n", "      - level: 4\n")
    assert [(f.code, f.line, f.message) for f in findings(text)] == [
        ("anchor-levels", line_of("    anchors:"), "no anchor for level 3"),
        ("anchor-levels", line + 4, "level 4 has a second anchor"),
    ]


def test_anchors_stand_in_order() -> None:
    """Two levels that changed places are told at the second of them."""
    third, fourth = (GOOD.index(f"      - level: {level}") for level in (3, 4))
    fifth = GOOD.index("      - level: 5")
    text = GOOD[:third] + GOOD[fourth:fifth] + GOOD[third:fourth] + GOOD[fifth:]
    line = line_of("      - level: 4")
    assert [(f.code, f.line, f.message) for f in findings(text)] == [
        ("anchor-order", line, "level 3 stands after level 4")
    ]


def test_a_competency_that_no_question_asks_for() -> None:
    """The finding stands at the competency, not at the question that left it out."""
    text, _ = spoiled("competencies: [counting]", "competencies: [serving]")
    assert [(f.code, f.line, f.field) for f in findings(text)] == [
        ("never-asked", line_of("  - id: counting"), "competencies[1].id")
    ]


def test_one_competency_must_not_decide_alone() -> None:
    """Shares outside the bounds are told for each competency."""
    text, _ = spoiled("weight: 1\n", "weight: 10\n")
    assert [(f.code, f.line, f.message) for f in findings(text)] == [
        ("weight-share", line_of("    weight: 1"), "91% of the weight; 5% to 50% is allowed"),
    ]


@pytest.mark.parametrize(
    ("minutes", "told"),
    [("3.5", ["the questions take 9.5 minutes; 10 to 30 is allowed"]), ("4", []), ("15", [])],
)
def test_total_minutes(minutes: str, told: list[str]) -> None:
    """The interview takes ten to thirty minutes, both included."""
    text, _ = spoiled("minutes: 6", f"minutes: {minutes}")
    assert [finding.message for finding in findings(text)] == told


def test_a_missing_band_is_told() -> None:
    """All five bands, in order, are part of every rubric."""
    text, _ = spoiled("  - {key: mixed, label: Mixed evidence, cut: 2.6}\n", "")
    [finding] = findings(text)
    assert finding.message == (
        "must be strong, solid, mixed, limited, not_enough, in this order; found strong, solid, limited, not_enough"
    )


def test_reading_level_is_for_english() -> None:
    """Other languages need their own measure; the English one is not used on them."""
    hard = "Considering multifaceted organisational interdependencies, which communicative methodologies characterise you now?"
    text = spoiled(QUESTION, hard)[0]
    assert [f.code for f in findings(text)] == ["reading-level"]
    assert findings(text.replace("language: en", "language: de")) == []


def test_what_people_in_a_case_say_is_not_the_question() -> None:
    """A customer quoted in a case may ask what they like."""
    text, _ = spoiled(QUESTION, "A customer asks, “Is it fresh? Do you agree?” What would you say?")
    assert findings(text) == []


def test_a_finding_reads_well() -> None:
    """One line tells where, what and why."""
    text, line = spoiled("title: Bakery counter", "title: Unbiased bakery counter")
    assert [str(finding) for finding in findings(text)] == [
        (
            f"good.yaml:{line}:8: error claim-word: title: 'unbiased' promises or threatens what a rubric cannot. "
            "A rubric describes evidence; it promises nothing about fairness and turns nobody away"
        )
    ]


def test_what_only_raters_read_may_name_what_is_off_limits() -> None:
    """A duty of the job may be about payslips or trade unions; only what is said to candidates is guarded."""
    about = "The person at the counter hands payslips out each month, and answers what trade unions ask about opening hours."
    text, _ = spoiled(RELEVANCE, about)
    assert [finding.code for finding in findings(text)] == []


def test_every_rule_has_a_case() -> None:
    """A rule without a bad example is a rule that nobody has seen work."""
    alone = {"anchor-levels", "anchor-order", "banned-trait", "never-asked", "weight-share", "total-minutes"}
    assert {rule.code for rule in RULES} == {case[0] for case in CASES} | alone


def test_the_library_is_clean() -> None:
    """The rubrics that ship have no finding, not even a warning."""
    assert [str(finding) for source in load_sources() for finding in lint(source.rubric, source.document)] == []


def test_the_reference_lists_every_rule() -> None:
    """The table for authors names each code with its severity, and no other."""
    reference = (Path(__file__).parents[3] / "docs" / "reference" / "rubric.md").read_text(encoding="utf-8")
    table = reference.partition("## What the linter checks")[2]
    documented = set(re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", table, re.MULTILINE))
    assert documented == {(rule.code, rule.severity.value) for rule in RULES}
