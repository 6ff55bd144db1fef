"""Plans and transcripts: the same questions for everyone, in order, and silence is no answer."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from orchestrator.domain.blinding import blind
from orchestrator.domain.transcript import Speaker, blinded_transcript, plan, transcript_of
from tests.unit.grading.examples import RUBRIC, conversation


def test_a_plan_is_the_rubric_s_questions_in_order() -> None:
    """Everything that the interview page shows is in the plan."""
    fixed = plan(RUBRIC)
    assert [(q.id, q.text, q.why, q.competencies) for q in fixed.questions] == [
        (q.id, q.text, q.why, q.competencies) for q in RUBRIC.questions
    ]
    assert fixed.minutes == 4


def test_a_question_that_nobody_may_ask_is_not_planned() -> None:
    """It is left out with its minutes, whoever is interviewed; the others are asked as ever, and no answer to it is kept."""
    old = structs.replace(RUBRIC.questions[0], text="How old are you, and how did you find the cause?")
    fixed = plan(structs.replace(RUBRIC, questions=(old, RUBRIC.questions[1])))
    assert [q.id for q in fixed.questions] == ["two"]
    assert fixed.minutes == 2
    assert [turn.question_id for turn in transcript_of(fixed, {"one": "Forty.", "two": "I kept it."}).turns] == [
        "two"
    ] * 2


@given(st.dictionaries(st.sampled_from(["one", "two", "other"]), st.text(max_size=30)))
def test_turns_are_numbered_and_answers_are_verbatim(answers: dict[str, str]) -> None:
    """Each question is a turn; an answer follows it word for word, unless it is blank; unknown answers are left out."""
    transcript = transcript_of(plan(RUBRIC), answers)
    assert [turn.index for turn in transcript.turns] == list(range(len(transcript.turns)))
    assert [turn.question_id for turn in transcript.turns if turn.speaker is Speaker.INTERVIEWER] == ["one", "two"]
    said = {turn.question_id: turn.text for turn in transcript.candidate_turns}
    assert said == {key: text for key, text in answers.items() if key != "other" and text.strip()}


def test_blinding_changes_words_and_nothing_else() -> None:
    """Turns keep place, speaker and question; a turn without a blinded text keeps its words."""
    transcript = conversation({"one": "I am Ada.", "two": "I am Ada."})
    blinded = blinded_transcript(transcript, {1: blind("I am Ada.", names=("Ada",), contacts=())})
    assert [turn.text for turn in blinded.candidate_turns] == ["I am [name].", "I am Ada."]
    assert [(t.index, t.speaker, t.question_id) for t in blinded.turns] == [
        (t.index, t.speaker, t.question_id) for t in transcript.turns
    ]
