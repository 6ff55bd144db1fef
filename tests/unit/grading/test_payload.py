"""What reaches a model: nothing that tells who somebody is, the questions untouched, and no quote of such words (N8, N6)."""

import pytest

from orchestrator.domain.blinding import blind
from orchestrator.domain.evidence import bullets
from orchestrator.domain.scorecard import build_scorecard, prepare
from orchestrator.domain.scoring import CompetencyClaim, QuoteClaim, Rater, RaterKind
from orchestrator.grading.prompting import turns_json
from rubrics.loader import load_library
from tests.unit.grading.examples import ANSWERS, RUBRIC, conversation

SECRETS = {
    "I am 58 years old, by the way.": "58",
    "My wife helped me with it.": "wife",
    "I was diagnosed with epilepsy in spring.": "epilepsy",
    "I'm a practising Catholic and proud.": "Catholic",
    "I grew up in Nigeria.": "Nigeria",
    "I studied at Westbrook University back then.": "Westbrook",
    "I am Polish, as you hear.": "Polish",
    "I am gay and open about it.": "gay",
    "My pronouns are she/her, by the way.": "she/her",
    "Write to @ada_quill there.": "ada_quill",
    "I graduated in 1989 with honours.": "1989",
}


@pytest.mark.parametrize("remark", SECRETS)
def test_no_secret_is_in_the_payload(remark: str) -> None:
    """The words are gone from the JSON that is sent, the rest of the answer is not."""
    seen = prepare(conversation({**ANSWERS, "one": f"{ANSWERS['one']} {remark}"}), names=("Ada", "Quill"), contacts=())
    sent = turns_json(seen.transcript)
    assert SECRETS[remark] not in sent
    assert ANSWERS["one"] in sent
    assert ANSWERS["two"] in sent


@pytest.mark.parametrize("remark", SECRETS)
def test_a_quote_that_touches_a_secret_maps_back_and_becomes_no_bullet(remark: str) -> None:
    """It counts as evidence with its original words, marked as identifying; the bullet is another or none."""
    answer = f"{ANSWERS['one']} {remark}"
    transcript = conversation({**ANSWERS, "one": answer})
    seen = prepare(transcript, names=("Ada", "Quill"), contacts=())
    told = next(turn.text for turn in seen.transcript.candidate_turns if turn.question_id == "one")
    quotes = (QuoteClaim(1, told[len(ANSWERS["one"]) + 1 :]),)
    shown = RUBRIC.competencies[0].anchors[3].indicators[0].id
    claim = CompetencyClaim(competency="causes", level=4, reason="r", quotes=quotes, indicators=(shown,))
    card = build_scorecard(
        rubric=RUBRIC,
        rubric_hash="x",
        transcript=transcript,
        blinded=seen.blinded,
        rater=Rater(kind=RaterKind.EMBEDDED, name="test"),
        samples=((claim,),),
        provisional=True,
    )
    evidence = card.scores[0].evidence
    assert [(one.quote, one.identifying) for one in evidence] == [(remark, True)]
    assert bullets(card.scores, RUBRIC) == ()


@pytest.mark.parametrize("key", load_library())
def test_the_questions_reach_the_model_as_they_are(key: str) -> None:
    """Blinding takes nothing out of a packaged question or anchor: they hold nobody's secrets."""
    rubric = load_library()[key]
    texts = [question.text for question in rubric.questions]
    texts += [anchor.behaviour for competency in rubric.competencies for anchor in competency.anchors]
    assert [text for text in texts if blind(text, names=(), contacts=()).replacements] == []
