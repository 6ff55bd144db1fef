"""What no interviewer may ask is found, whatever it hides behind; questions about work are left alone."""

import pytest

from orchestrator.domain.off_limits import may_be_said
from rubrics.finding import Kind, passages
from rubrics.loader import load_library
from rubrics.off_limits import Topic, found, off_limits

WIDE = "What is your religion?".translate({letter: letter + 0xFEE0 for letter in range(ord("A"), ord("z") + 1)})
ASKED = (
    (Topic.AGE, "How old are you?"),
    (Topic.AGE, "What is your date of birth?"),
    (Topic.AGE, "Which year did you finish school?"),
    (Topic.AGE, "When do you plan to retire?"),
    (Topic.AGE, "Are you too old to learn a new system?"),
    (Topic.FAMILY, "Do you have children?"),
    (Topic.FAMILY, "Are you married?"),
    (Topic.FAMILY, "Who looks after your kids while you work?"),
    (Topic.FAMILY, "What does your husband say about shift work?"),
    (Topic.FAMILY, "Do you want to start a family?"),
    (Topic.FAMILY, "What is your marital status?"),
    (Topic.PREGNANCY, "Are you pregnant, or trying to be?"),
    (Topic.PREGNANCY, "How long would your maternity leave be?"),
    (Topic.HEALTH, "Do you have any disabilities that we should know of?"),
    (Topic.HEALTH, "How many sick days did you take last year?"),
    (Topic.HEALTH, "Have you ever been treated for mental illness?"),
    (Topic.HEALTH, "What does your medical history look like?"),
    (Topic.HEALTH, "Do you smoke?"),
    (Topic.RELIGION, "Which church do you go to?"),
    (Topic.RELIGION, "What is your religion?"),
    (Topic.RELIGION, "Are you Muslim?"),
    (Topic.RELIGION, "How do you spend Ramadan?"),
    (Topic.ORIGIN, "Where are you really from?"),
    (Topic.ORIGIN, "What is your native language?"),
    (Topic.ORIGIN, "Where were your parents born?"),
    (Topic.ORIGIN, "Are you a citizen?"),
    (Topic.ORIGIN, "Where does your accent come from, and what is your ethnicity?"),
    (Topic.GENDER, "What is your sexual orientation?"),
    (Topic.GENDER, "Are you gay?"),
    (Topic.GENDER, "How would you cope here as a woman?"),
    (Topic.POLITICS, "How did you vote in the last election, or what are your politics?"),
    (Topic.POLITICS, "Are you a Republican?"),
    (Topic.UNION, "Are you a member of a union?"),
    (Topic.UNION, "Have you ever gone on strike?"),
    (Topic.UNION, "What do you think of trade unions?"),
    (Topic.PAY, "What is your current salary?"),
    (Topic.PAY, "How much did you earn in your last job?"),
    (Topic.PAY, "Please send us your last three payslips."),
    (Topic.RECORD, "Have you ever been arrested?"),
    (Topic.RECORD, "Do you have a criminal record?"),
    (Topic.RECORD, "Have you been convicted of a felony?"),
    (Topic.MONEY, "Do you have any debts?"),
    (Topic.MONEY, "What is your credit score?"),
    (Topic.LOOKS, "How much do you weigh?"),
    (Topic.LOOKS, "Please attach a photo of yourself."),
    (Topic.SERVICE, "Were you honorably discharged?"),
    (Topic.FAMILY, "Haben Sie Kinder?"),
    (Topic.UNION, "Sind Sie in einer Gewerkschaft?"),
    (Topic.AGE, "Wie alt sind Sie?"),
    (Topic.FAMILY, "Êtes-vous mariée ?"),
    (Topic.PREGNANCY, "Êtes-vous enceinte ?"),
    (Topic.FAMILY, "¿Tiene hijos?"),
    (Topic.RECORD, "¿Tiene antecedentes penales?"),
    (Topic.BLANKS, "Thank you, {first_name}. What did you do next?"),
    (Topic.BLANKS, "What did you learn, [candidate name]?"),
    (Topic.AGE, "How o\u200bld are you?"),
    (Topic.RELIGION, WIDE),
    (Topic.AGE, "How  OLD\nare you?"),
)
ABOUT_WORK = (
    "Tell us about a time when you worked with children in your care.",
    "How would you explain a delay to a parent who is upset?",
    "What would you do when a business partner misses a date?",
    "Tell us how you handled a ticket that was a week old.",
    "A customer lost a Visa card abroad. What would you write?",
    "How do you keep health and safety rules on a busy day?",
    "Tell us about a patient with a chronic condition whom you helped.",
    "What would you do if an invoice was not paid in time?",
    "How would you answer a kinder tone with a firm no?",
    "Marie from the warehouse calls you. What do you say first?",
    "How did the age of the machines change what you did?",
    "What race conditions have you found in code?",
    "A credit union asks for a price list. What would you reply?",
    "What would you change in a process that costs $50 for each order?",
    "How do you deal with a family of products that share one manual?",
    "What did your team earn trust with?",
    "How would you sort messages marked [urgent]?",
    "Tell us about a time when you changed your mind.",
    "What made you choose the opening line?",
    "Which of the two parties to a contract would you call first?",
    "How would you help somebody who cannot see the screen well?",
    "What was the weight of the parcel, and who was told?",
)


@pytest.mark.parametrize(("topic", "text"), ASKED, ids=[text[:40] for _, text in ASKED])
def test_what_nobody_may_ask_is_found(topic: Topic, text: str) -> None:
    """The topic is named, with the words that gave it away; capitals, width and letters that nobody sees hide nothing."""
    assert topic in off_limits(text)
    assert found(text, topic)
    assert not may_be_said(text)


@pytest.mark.parametrize("text", ABOUT_WORK, ids=[text[:40] for text in ABOUT_WORK])
def test_questions_about_work_are_left_alone(text: str) -> None:
    """Words that also mean something at work count only in words about the person who is asked."""
    assert off_limits(text) == ()
    assert may_be_said(text)


def test_every_topic_is_tried() -> None:
    """No topic of the list goes without an example."""
    assert {topic for topic, _ in ASKED} == set(Topic)


def test_the_library_says_nothing_of_the_kind() -> None:
    """All that candidates are asked and shown by the rubrics of the house may be said, cues and anchors apart."""
    for rubric in load_library().values():
        spoken = [p.text for p in passages(rubric) if p.kind in {Kind.QUESTION, Kind.PROBE, Kind.SHOWN}]
        assert len(spoken) > 15
        assert [text for text in spoken if off_limits(text)] == []
