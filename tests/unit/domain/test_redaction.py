"""Redaction: what somebody says about who they are is hidden from the grader, words of work are not (N8)."""

import pytest

from orchestrator.domain.blinding import blind, identity_parts
from orchestrator.domain.disclosures import Kind

OWN_WORDS = [
    ("I am 52 and still learn quickly.", "I am [age] and still learn quickly."),
    ("I'm 23 years old.", "I'm [age]."),
    ("As a 61-year-old I know patience.", "As a [age] I know patience."),
    ("At the age of 19 I sold phones.", "[age] I sold phones."),
    ("I was in my late forties when I changed jobs.", "I was [age] when I changed jobs."),
    ("I was born in 1971.", "I was born in [age]."),
    ("I graduated from there in 1994 and began to sell.", "I graduated from there in [age] and began to sell."),
    ("I finished high school in 2003.", "I finished high school in [age]."),
    ("I am close to retirement, so I am calm.", "I am [age], so I am calm."),
    ("I was the oldest on the team.", "I was the [age] on the team."),
    ("I studied at the University of Applied Sciences.", "I studied at the [school]."),
    ("At Westbrook High School I ran the shop.", "At [school] I ran the shop."),
    ("I studied at Harvard before that.", "I studied at [school] before that."),
    ("I was at MIT for a year.", "I was at [school] for a year."),
    ("My degree from the Royal College of Art helped.", "My degree from the [school] helped."),
    ("I grew up in Kleinhausen and sold eggs.", "I grew up in [place] and sold eggs."),
    ("I moved here from Nigeria last year.", "I moved here from [place] last year."),
    ("I'm from Jordan and like tea.", "I'm from [place] and like tea."),
    ("i live in berlin", "i live in [place]"),
    ("I live at 12 Alder Street.", "I live at [place]."),
    ("My wife's shop had the same problem.", "[family]'s shop had the same problem."),
    ("I promised my younger sister a bike.", "I promised [family] a bike."),
    ("I was pregnant at the time.", "I was [family] at the time."),
    ("As a single mother of two I plan well.", "As [family] I plan well."),
    ("I have two small children at home.", "I have [family] at home."),
    ("After my maternity leave I came back.", "After [family] I came back."),
    ("I am married.", "I am [family]."),
    ("I have severe depression and still met the date.", "I have [health] and still met the date."),
    ("I was diagnosed with ADHD.", "I was diagnosed with [health]."),
    ("I'm dyslexic, so I check twice.", "I'm [health], so I check twice."),
    ("Because of my wheelchair I sat at the desk.", "Because of my [health] I sat at the desk."),
    ("My burnout taught me to plan.", "My [health] taught me to plan."),
    ("I was seriously ill that month.", "I was [health] that month."),
    ("I'm a practising Muslim and start early.", "I'm a practising [religion] and start early."),
    ("I sang in my church.", "I sang in my [religion]."),
    ("During Ramadan I took the late shift.", "During [religion] I took the late shift."),
    ("I help with the church choir.", "I help with the [religion]."),
    ("I am Polish and sold bread.", "I am [origin] and sold bread."),
    ("As a Syrian refugee I learned fast.", "As a [origin] I learned fast."),
    ("My accent made the calls hard.", "My [origin] made the calls hard."),
    ("English is not my first language.", "[origin]."),
    ("I'm a black woman in sales.", "I'm a [origin] in sales."),
    ("I'm gay and open about it.", "I'm [personal] and open about it."),
    ("As a woman in support I was doubted.", "As a [personal] in support I was doubted."),
    ("My pronouns are she/her.", "[personal]."),
    ("I was a waitress before.", "I was a server before."),
    ("Find me as @quill_ada there.", "Find me as [contact] there."),
    ("Ich bin 45 Jahre alt und arbeite gern.", "Ich bin [age] und arbeite gern."),
    ("Meine Frau half mir.", "[family] half mir."),
    ("Ich habe Depressionen.", "Ich habe [health]."),
    ("Ich bin Muslima.", "Ich bin [religion]."),
    ("Ich wohne in Kleinhausen.", "Ich wohne in [place]."),
    ("Ich war auf dem Schiller-Gymnasium.", "Ich war auf dem [school]."),
    ("J'ai 45 ans.", "J'ai [age]."),
    ("Mon mari travaille aussi.", "[family] travaille aussi."),
    ("Je suis enceinte.", "Je suis [family]."),
    ("Je suis musulmane.", "Je suis [religion]."),
    ("Tengo 45 años.", "Tengo [age]."),
    ("Mi esposa trabaja aquí.", "[family] trabaja aquí."),
    ("Soy católica.", "Soy [religion]."),
]  # fmt: skip
WORK_WORDS = [
    "I looked after the whole customer family of products and the product family pages.",
    "Our font family has four weights, and Georgia is the one I like.",
    "We had a healthy pipeline and an aged debt of 52 days.",
    "I closed the old tickets first: some were 45 days old, the oldest 90.",
    "The parent company sent a child ticket to the sister company.",
    "I'm 100 percent sure that I called 52 customers in 2024.",
    "I was 20 minutes late and 15 calls behind.",
    "I wrote to Jordan from finance and asked Austin for the file.",
    "The customer said that his wife had paid twice.",
    "A woman came to the till with two children and a broken toy.",
    "I speak German with customers and I'm a Spanish speaker as well.",
    "We disabled the account and made the page accessible to blind and disabled users.",
    "I'm sick of excuses, so I was blind to none of the numbers.",
    "I sold hearing aids and diabetes tests to pharmacies, and covered for a colleague.",
    "I followed the process religiously and acted in good faith.",
    "My faith in the product grew, and the temple of sales is patience.",
    "I would polish the deck, then turkey sandwiches for the team.",
    "It was nice to read about mobile reading habits and orange packaging.",
    "I'm straight with customers and transparent about dates.",
    "My partner agency and my business partner both signed.",
    "The old school way works: I'm old school when I call people.",
    "I was single-handedly running the queue and engaged every lead.",
    "I'm engaged in the team and married two ideas in one layout.",
    "We worked at a school, and I talked to the university about licences.",
    "I graduated from chat to phone support within three months.",
    "Christmas was the busiest week, and Easter came close.",
    "The race for the deal was on; my visual design won.",
    "As a mother company we own the risk, as a parent ticket it holds the rest.",
    "I added alt text, a black and white mode, and white space.",
    "We have three Brother printers in the office and two parent nodes.",
    "She told him that the screen was black, and he laughed.",
    "I'm a native app designer and a first-generation iPhone user.",
    "We sold the children's section a new shelf system.",
    "I send a zip that holds the files, or a ZIP with everything.",
    "I have a family of reusable components and a baby step plan.",
]


@pytest.mark.parametrize(("text", "blinded"), OWN_WORDS)
def test_what_tells_who_somebody_is_goes(text: str, blinded: str) -> None:
    """The word for its kind stands in its place; the rest of the sentence stays, and the way back is exact."""
    found = blind(text, names=(), contacts=())
    assert found.text == blinded
    first = found.replacements[0]
    assert found.touches(first.blinded.start, first.blinded.end)
    span = found.original_span(0, len(found.text))
    assert text[span.start : span.end] == text


@pytest.mark.parametrize("text", WORK_WORDS)
def test_words_of_work_stay(text: str) -> None:
    """Nothing is taken out of what people say about their work, however much a word looks like one about themselves."""
    found = blind(text, names=(), contacts=())
    assert [text[r.original.start : r.original.end] for r in found.replacements] == []


def test_every_kind_has_an_example() -> None:
    """No kind is left untested."""
    shown = " ".join(blinded for _, blinded in OWN_WORDS)
    assert [kind for kind in Kind if kind.value not in shown] == []


@pytest.mark.parametrize(
    ("text", "blinded"),
    [
        ("Ada told us that she had solved it herself. She asked twice.", "[name] told us that they had solved it themself. They asked twice."),
        ("We know Ada: her notes are good, ask her.", "We know [name]: their notes are good, ask them."),
        ("Ada called the customer, and she was glad.", "[name] called the customer, and she was glad."),
        ("Ada left. We waited. She came back.", "[name] left. We waited. She came back."),
        ("The guest said that she was cold.", "The guest said that she was cold."),
    ],
)  # fmt: skip
def test_pronouns_that_can_only_mean_the_candidate(text: str, blinded: str) -> None:
    """Beside the candidate's name they become neutral; where somebody else may be meant they stay."""
    assert blind(text, names=identity_parts("Ada Quill"), contacts=()).text == blinded


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    ["I am ", "my old ", "I have a ", "Ab ", "graduated ", "school in ", "as a very ", "meine kleine ", "University of ",
     "@a", "I was not ", "Ada he ", "j'ai une ", "soy muy ", "The Big "],
)  # fmt: skip
def test_no_text_takes_long(piece: str) -> None:
    """Patterns read every text once, whatever it repeats."""
    text = piece * (16_000 // len(piece))
    assert len(blind(text, names=("Ada",), contacts=()).text) > 0
