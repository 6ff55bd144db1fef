"""Whether one more question is asked, which one and why: one rule for every candidate."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.model import StageKind
from orchestrator.domain.followups import (
    MOST,
    Decision,
    Exchange,
    Followed,
    FollowUpReason,
    answer_key,
    because,
    decide,
    has_nothing_to_add,
    is_due,
    limit_of,
    needs,
    transcript_with,
)
from orchestrator.domain.off_limits import may_be_said
from orchestrator.domain.program import Program, When
from orchestrator.domain.transcript import Plan, PlannedQuestion, Speaker, plan, transcript_of
from rubrics.loader import find
from rubrics.schema import Probe

RUBRIC = find("customer-support/first-interview")
QUESTION = RUBRIC.question("unclear-cause")
FIRST, SECOND = QUESTION.probes
TARGETS = {FIRST.id: ("cause-3-one-test",), SECOND.id: ("cause-5-verifies-later", "promise-5-outcome")}
ANSWER = "I asked what she saw and then tried it on another account."
R = FollowUpReason


def found(*shown: str, asked: tuple[str, ...] = ()) -> list[str]:
    """Ids of the probes that could be asked, best first."""
    open_ = needs(RUBRIC, QUESTION, targets=TARGETS, shown=frozenset(shown), asked=frozenset(asked))
    return [need.probe.id for need in open_]


def decided(exchange: Exchange, *shown: str, limit: int = 2) -> Decision:
    """The decision after an exchange."""
    asked = frozenset(one.probe for one in exchange.follow_ups)
    return decide(
        exchange,
        limit=limit,
        found=needs(RUBRIC, QUESTION, targets=TARGETS, shown=frozenset(shown), asked=asked),
    )


def test_the_first_probe_is_asked_where_nothing_was_shown() -> None:
    """Among equals the order of the rubric decides, and the decision names what is missing."""
    decision = decided(Exchange(ANSWER))
    assert decision == Decision(R.MISSING, FIRST.id, ("cause-3-one-test",))
    assert (
        because(decision, RUBRIC)
        == "Asked because nothing was said yet about: Tries a fix that follows from the answers."
    )


def test_what_was_shown_is_not_asked_for() -> None:
    """One indicator of a probe is enough to leave it out; where all are covered, nothing is asked."""
    assert found("cause-3-one-test") == [SECOND.id]
    assert found("promise-5-outcome") == [FIRST.id]
    assert decided(Exchange(ANSWER), "cause-3-one-test", "promise-5-outcome").reason is R.NOTHING_MISSING


def test_the_competency_with_least_evidence_comes_first() -> None:
    """Three signs of one competency and none of the other: the other one's probe goes before the rubric's order."""
    targets = {FIRST.id: ("cause-3-one-test",), SECOND.id: ("promise-5-outcome",)}
    shown = frozenset({"cause-4-confirms", "cause-4-rules-out", "cause-5-proves"})
    open_ = needs(RUBRIC, QUESTION, targets=targets, shown=shown, asked=frozenset())
    assert [need.probe.id for need in open_] == [SECOND.id, FIRST.id]


def test_no_probe_is_asked_twice() -> None:
    """What was asked falls away, and so the second follow-up is another one."""
    after_one = Exchange(ANSWER, (Followed(FIRST.id, "I sent a page from my own account."),))
    assert decided(after_one).probe == SECOND.id
    assert found(asked=(FIRST.id, SECOND.id)) == []


@pytest.mark.parametrize(
    ("exchange", "limit", "reason"),
    [
        (Exchange(ANSWER, (Followed(FIRST.id, ANSWER), Followed(SECOND.id, ANSWER))), 2, R.ENOUGH_ASKED),
        (Exchange(ANSWER, (Followed(FIRST.id, ANSWER),)), 1, R.ENOUGH_ASKED),
        (Exchange(ANSWER), 0, R.ENOUGH_ASKED),
        (Exchange(ANSWER, (Followed(FIRST.id, "  \n"),)), 2, R.PASSED_OVER),
        (Exchange(ANSWER, (Followed(FIRST.id, "No, that's all."),)), 2, R.NOTHING_TO_ADD),
        (Exchange(f"{ANSWER} I have nothing more to add."), 2, R.NOTHING_TO_ADD),
    ],
)
def test_nobody_is_pressed(exchange: Exchange, limit: int, reason: FollowUpReason) -> None:
    """Not beyond the limit, not after a follow-up was passed over, not after somebody said that that is all."""
    decision = decided(exchange, limit=limit)
    assert (decision.probe, decision.reason) == (None, reason)
    assert because(decision, RUBRIC).startswith("Nothing more was asked")


@pytest.mark.parametrize("exchange", [Exchange(""), Exchange(" \n"), Exchange(ANSWER, (Followed(FIRST.id, None),))])
def test_nothing_is_decided_before_there_is_an_answer(exchange: Exchange) -> None:
    """A question that was left out has no follow-up, and one that waits has no successor."""
    assert not is_due(exchange)
    with pytest.raises(ValueError, match="before there is an answer"):
        decide(exchange, limit=2, found=())


@pytest.mark.parametrize(
    "text",
    [
        "Nothing to add.",
        "No.",
        "no, thank you",
        "That’s all.",
        "n/a",
        "I asked her to restart it. That is all I have.",
        "She could print again.\nNothing more to say about this",
        "I don't have anything to add.",
        "THAT'S IT!",
        "- none -",
    ],
)
def test_saying_that_there_is_nothing_to_add_is_heard(text: str) -> None:
    """As a whole answer, or as its last sentence."""
    assert has_nothing_to_add(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "There was nothing to add to the form, so I asked her what she saw.",
        "No parts had come, so I called the customer.",
        "That is all I knew then. Later I found the cause.",
        "I said that nothing was lost and that we would write again.",
        "None of the cables was loose.",
    ],
)
def test_other_answers_are_not_taken_for_a_no(text: str) -> None:
    """An answer that goes on about the work is no refusal."""
    assert not has_nothing_to_add(text)


def test_the_limit_is_the_smallest_of_all_that_set_one() -> None:
    """Rubric, planned probes, program, and the house's own two."""
    one = RUBRIC.question("two-small-charges")
    assert [limit_of(QUESTION, most) for most in (0, 1, 2, 9)] == [0, 1, MOST, MOST]
    assert limit_of(one, 2) == 1
    generous = msgspec.structs.replace(QUESTION, max_follow_ups=9, probes=QUESTION.probes * 3)
    assert limit_of(generous, 9) == MOST
    assert limit_of(msgspec.structs.replace(generous, probes=QUESTION.probes[:1]), 9) == 1


def test_a_probe_that_nobody_may_ask_is_never_found() -> None:
    """Even where it is planned: the guard stands before the choice."""
    from_age = Probe(id="age", text="How old are you?", asks_for="an age")
    from_name = Probe(id="name", text="What would you say to {first_name}?", asks_for="a reply")
    fine = Probe(id="fine", text="What did you do next?", asks_for="a next step")
    planted = type(QUESTION)(
        id="q", text=QUESTION.text, why=QUESTION.why, competencies=QUESTION.competencies, minutes=4,
        probes=(from_age, from_name, fine), max_follow_ups=2,
    )  # fmt: skip
    open_ = needs(RUBRIC, planted, targets={}, shown=frozenset(), asked=frozenset())
    assert [need.probe.id for need in open_] == ["fine"]
    assert not may_be_said(from_age.text)


@given(
    shown=st.sets(
        st.sampled_from(["cause-3-one-test", "cause-5-verifies-later", "promise-5-outcome", "cause-4-confirms"])
    ),
    answers=st.lists(st.sampled_from([ANSWER, "", "No.", "It worked again."]), max_size=4),
    limit=st.integers(0, 3),
)
def test_the_rule_ends_and_stays_within_its_bounds(shown: set[str], answers: list[str], limit: int) -> None:
    """Whatever is answered: the same each time, at most the limit, never the same probe twice, always an end."""
    told = iter(itertools.chain(answers, itertools.repeat("")))
    exchange, asked = Exchange(ANSWER), list[str]()
    for _ in range(10):
        decision = decided(exchange, *shown, limit=limit)
        assert decision == decided(exchange, *sorted(shown, reverse=True), limit=limit)
        if decision.probe is None:
            break
        asked.append(decision.probe)
        exchange = Exchange(ANSWER, (*exchange.follow_ups, Followed(decision.probe, next(told))))
    else:
        raise AssertionError("it never ended")
    assert len(asked) == len(set(asked)) <= limit


def test_follow_ups_stand_in_the_transcript_under_their_question() -> None:
    """Interviewer and candidate take turns with the question's id; what was passed over stands alone."""
    planned = Plan((PlannedQuestion("a", "A?", "why", 4, ()), PlannedQuestion("b", "B?", "why", 4, ())))
    answers = {"a": "Alpha", answer_key("a", "x"): "More alpha", answer_key("a", "y"): " ", "b": "Beta"}
    turns = transcript_with(planned, answers, {"a": [("x", "X?"), ("y", "Y?")]}).turns
    asked, said = Speaker.INTERVIEWER, Speaker.CANDIDATE
    assert [(turn.speaker, turn.text, turn.question_id) for turn in turns] == [
        (asked, "A?", "a"),
        (said, "Alpha", "a"),
        (asked, "X?", "a"),
        (said, "More alpha", "a"),
        (asked, "Y?", "a"),
        (asked, "B?", "b"),
        (said, "Beta", "b"),
    ]
    assert [turn.index for turn in turns] == list(range(7))


def test_without_follow_ups_the_transcript_is_what_it_was() -> None:
    """An interview that asks none is laid out as before."""
    planned = plan(RUBRIC)
    answers = {question.id: f"Answer to {question.id}" for question in planned.questions[:3]}
    assert transcript_with(planned, answers, {}) == transcript_of(planned, answers)


def test_a_program_that_says_nothing_asks_none_and_is_stored_as_before() -> None:
    """The release before knows no such key; and whoever began without follow-ups goes on without them."""
    quiet = Program(
        key="pilot",
        title="Pilot",
        version=1,
        connection="ats",
        when=When(stage=StageKind.FIRST_INTERVIEW),
        rubric="a/b",
    )
    assert quiet.most_follow_ups == 0
    assert b"follow_ups" not in msgspec.json.encode(quiet)
    asking = msgspec.structs.replace(quiet, follow_ups=2)
    assert msgspec.json.decode(msgspec.json.encode(asking), type=Program).most_follow_ups == 2
    for wrong in (b"3", b"-1", b'"two"'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(
                msgspec.json.encode(asking).replace(b'"follow_ups":2', b'"follow_ups":' + wrong), type=Program
            )
