"""The gate before grading: what cannot be graded is never a low number, and honest answers of any style pass (R14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.language import other_language
from orchestrator.domain.quality import Defect, Gate, Verdict, gate, usable
from orchestrator.domain.transcript import Plan, PlannedQuestion, transcript_of
from rubrics.loader import load_library
from tests.unit.grading.interviews import INTERVIEWS

QUESTION = "Tell me about a time when a customer had a problem and nobody knew the cause. How did you find it?"
PLAN = Plan((PlannedQuestion("q", QUESTION, "Work.", 3, ()),))
MASH = [
    "asdf jkl asdf qwer zxcv",
    "sdkjfhskdjfh skdjfhksjdhf ksjdfhk sjdhfksjdf",
    "aaaaaaaa bbbbbbb cccccc ddddd",
    "hjgkfd vbcnxm ghjfkd rtyeuw qpwoei",
    "test test test test test test test test test test test test test test",
    "good good good good good good good good good good yes good good good",
    "I am good " * 30,
    "xxxxx xxxxxxx xxxx xxxxxx xxxxx",
    "qwertyuiop",
    "fghj dfgh rtzu cvbn wertz sdfg",
]
FOREIGN = [
    ("de", "Der Kunde hatte ein Problem mit der Leitung, und ich habe es dann nach zwei Tagen selbst gefunden."),
    ("fr", "Le client avait un problème avec la ligne et nous avons cherché la cause pendant deux jours."),
    ("es", "El cliente tenía un problema con la línea y yo busqué la causa durante dos días hasta que la encontré."),
    ("it", "Il cliente aveva un problema con la linea e ho cercato la causa per due giorni, poi era il cavo."),
    ("nl", "De klant had een probleem met de lijn en ik heb twee dagen naar de oorzaak gezocht, het was de kabel."),
    ("pt", "O cliente tinha um problema com a linha e eu procurei a causa durante dois dias, não era o cabo."),
    ("und", "У клиента была проблема с линией, и я два дня искал причину."),  # noqa: RUF001 - another script is the point
    ("und", "客户的线路有问题，我花了两天时间才找到原因，最后是电缆坏了。"),  # noqa: RUF001 - another script is the point
    ("und", "العميل كان عنده مشكلة في الخط وبحثت عن السبب يومين"),
]
COPIES = [
    QUESTION,
    f"{QUESTION} I did.",
    "As an AI language model, I do not have personal experiences, but I can describe how one would find the cause.",
    "Certainly! Here's a sample answer you can use: In my previous role I found the cause of a problem.",
    "At [Company Name] I worked as a [Your Position] and solved [Specific Problem] for [Customer Name].",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt.",
    "I found the cause by asking questions. Feel free to adapt this to your own experience!",
]
HONEST = [
    "I asked her what she saw. It was the cable.",
    "Checked the logs, found the cause, fixed it.",
    "No idea to be honest, never had that.",
    "It was the router, so I changed it.",
    "- asked the customer\n- checked the line\n- swapped the modem\n- called back next day",
    "1. logs 2. network 3. DNS. It was DNS.",
    "S: outage. T: find cause. A: bisected releases. R: fixed in 2h.",
    "grep -r ERROR /var/log | tail; kubectl get pods; rollback to v1.2.3; done, customer happy",
    "JIRA, Zendesk, SQL, HTTPS, VPN, AWS, CRM, K8s, SLA, KPI",
    "SELECT id FROM orders WHERE status = 'failed' showed me the cause, a wrong foreign key.",
    "I am go to customer and ask what is problem. He say printer no work. I look cable, cable is out.",
    "Customer he was very angry because internet not working since three day, so I am checking everything one by one.",
    "I have make a list of all the possible reason and I have tried each one until it work.",
    "Yesterday come a man with broken phone, I have opened it and seen that battery was the fault.",
    "Aye, the auld wifie's telly wisnae workin, so ah went roon an had a wee keek at the plug.",
    "Y'all know how it is, the lady were fixin to cancel, so I done called the tech and he come out.",
    "Ah reckon it were t'cable, so I telt him to unplug it an' plug it back in.",
    "She be calling every day bout the same thing, so I ain't wait, I went and checked the account myself.",
    "i dont realy no how to spel but i fixd the compter by turning it of and chekcing evry wire",
    "Teh custmoer had a porblem wiht hsi accuont, i lokoed at teh setings and fuond it",
    "very very very slow line, so I measured it many many times and then replaced the splitter",
    "The customer wrote in German: 'Ich kann mich nicht anmelden'. I answered in German and reset the password.",
    "He said 'je ne sais pas', so I showed him with pictures where the button is, and it worked at once.",
    (
        "You asked about a time when a customer had a problem and nobody knew the cause. It was in spring. A woman could not"
        " send pictures, and I compared her phone with mine until I saw that one setting was different."
    ),
    "Dear [customer name], I am sorry that your order is late. I have asked the courier and will write to you by noon.",
    "Hi [Name], thank you for waiting. The cause was a wrong address in our system. Best regards, [Your Name]",
    "Situation: our shop's till froze. Task: find out why. Action: I watched it for a day. Result: it was the heat.",
    "41 tickets down to 33, reply time from 12h to 4h, cause: one macro that sent the wrong link.",
    "WLAN-Router war kaputt, I mean the WiFi router was broken, sorry, I mix languages when I think.",
    "Rhythm of the calls: Mon-Fri 9-5, 30/day. Strengths: patience, listening, notes.",
    "Honestly? I messed up. I guessed, I was wrong, and a colleague found it. Since then I ask first.",
    "Świetlik and Krzysztof from the Wrocław team helped me, and together we found that the switch was faulty.",
    "The property was owned by a treasurer, we were weird about power and the typewriter.",
    "yes. a lady with a phone. i asked when it began. she said monday. monday was the update. so, the update.",
    "We used AI to draft the guide, but I tested every step on a real phone before I sent it to the customer.",
    "qwerty layout was the cause: his keyboard had changed from German to English, so z and y were swapped.",
    "xerox jam, txt msg from cust, brb'd the chat, fixed in 5 min lol",
]


def gated(*answers: str, language: str = "en") -> Gate:
    questions = tuple(
        PlannedQuestion(
            f"q{number}", QUESTION if number == 0 else f"What did you do at work on day {number}?", "", 3, ()
        )
        for number, _ in enumerate(answers)
    )
    plan = Plan(questions)
    said = transcript_of(plan, {f"q{number}": answer for number, answer in enumerate(answers)})
    return gate(said, plan, language)


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_answer_passes(text: str) -> None:
    """Short, terse, misspelt, dialect, not native, lists and code: whoever says something is graded like anybody else."""
    assert gated(text) == Gate(Verdict.SCORE)


@pytest.mark.parametrize("text", MASH)
def test_no_words_are_asked_for_again(text: str) -> None:
    """Keyboard mash and one thing over and over."""
    assert gated(text) == Gate(Verdict.REINVITE, (Defect.GIBBERISH,), ("q0",))


@pytest.mark.parametrize(("language", "text"), FOREIGN)
def test_another_language_goes_to_a_person(language: str, text: str) -> None:
    """Somebody who reads it decides; the same text is fine where the interview is held in that language."""
    assert gated(text) == Gate(Verdict.PERSON, (Defect.WRONG_LANGUAGE,), ("q0",))
    assert other_language(text, "en-GB") == language
    if language != "und":
        assert gated(text, language=f"{language}-XX") == Gate(Verdict.SCORE)


@pytest.mark.parametrize("text", COPIES)
def test_what_is_not_ones_own_goes_to_a_person(text: str) -> None:
    """The question given back, gaps of a template, and a chat program's words about itself."""
    assert gated(text) == Gate(Verdict.PERSON, (Defect.COPIED,), ("q0",))


@pytest.mark.parametrize("answers", [(), ("",), ("  \n",), ("", "  ")])
def test_nothing_said_is_asked_for_again(answers: tuple[str, ...]) -> None:
    """An interview without a word."""
    assert gated(*answers) == Gate(Verdict.REINVITE, (Defect.EMPTY,))


def test_next_to_nothing_in_every_answer_is_asked_for_again() -> None:
    """A few words to everything; one real answer is enough to be graded."""
    assert gated("yes", "ok thanks") == Gate(Verdict.REINVITE, (Defect.TOO_SHORT,))
    assert gated("yes", HONEST[0]) == Gate(Verdict.SCORE)
    assert gated("yes", MASH[0]).verdict is Verdict.REINVITE


def test_one_bad_answer_of_several_is_left_out_and_named() -> None:
    """Fewer than half unusable: the others are graded, the person is told, and the grader never sees the bad one."""
    found = gated(HONEST[10], MASH[0], HONEST[12])
    assert found == Gate(Verdict.SCORE, (Defect.GIBBERISH,), ("q1",))
    said = transcript_of(PLAN, {"q": HONEST[10]})
    assert usable(said, Gate(Verdict.SCORE, (Defect.GIBBERISH,), ("q",))).turns == said.turns[:1]
    assert usable(said, found) == said


def test_the_same_answer_to_everything_is_a_copy() -> None:
    """One text pasted below each question; the same few words twice are not."""
    pasted = "I am a hard worker and a team player who always gives everything for the customer."
    assert gated(pasted, pasted.upper(), pasted).verdict is Verdict.PERSON
    assert gated("See my first answer, please.", "See my first answer, please.").verdict is Verdict.SCORE


@pytest.mark.parametrize("key", INTERVIEWS)
def test_the_made_up_interviews_pass(key: str) -> None:
    """Strong, middling and weak interviews are graded."""
    rubric = load_library()[key]
    for answers in INTERVIEWS[key]:
        questions = Plan(
            tuple(PlannedQuestion(q.id, q.text, q.why, q.minutes, q.competencies) for q in rubric.questions)
        )
        assert gate(transcript_of(questions, answers), questions, rubric.language) == Gate(Verdict.SCORE)


def test_a_language_that_nobody_knows_passes() -> None:
    """Without a word list for it there is no opinion."""
    assert gated(FOREIGN[6][1], language="ru") == Gate(Verdict.SCORE)


@given(st.text(max_size=200), st.sampled_from(["en", "de", "xx"]))
def test_any_text_gets_a_verdict(text: str, language: str) -> None:
    """No text breaks the gate, and no verdict but SCORE comes without a reason."""
    found = gated(text, language=language)
    assert found.verdict is Verdict.SCORE or found.reasons


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["a ", "word ", "asdf", "[your ", "here is a ", "ab'", "qwe rty "])
def test_no_text_takes_long(piece: str) -> None:
    """Thirty thousand characters are read at once."""
    assert gated(piece * (30_000 // len(piece))).verdict is not None
