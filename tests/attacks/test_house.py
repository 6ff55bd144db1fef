"""A handful of attacks through a whole house with a model that obeys: each is held, and nobody else's result moves (N5, N11)."""

import asyncio
from pathlib import Path

import sqlalchemy as sa

from orchestrator.db.models.scoring import ScorecardRow
from orchestrator.demo.script import take_interview
from orchestrator.domain.scorecard import prepare
from orchestrator.domain.scoring import Scorecard
from orchestrator.domain.transcript import plan, transcript_of
from rubrics.loader import load_library
from tests.attacks.catalogue import ATTACKS
from tests.attacks.obeying import INVENTED, obeying
from tests.fixtures.house import House, running_house
from tests.fixtures.model_stub import running_model_stub
from tests.integration.services.people import ANSWERS, Newcomer, interview_of, interviewed, newcomer, open_case

CHOSEN = ("order-1", "structure-1", "probing-5", "probing-6", "tongues-8", "disguise-6")
BAND, COMPLETION = "interview_band", "interview_completion"


def stubbed(base_url: str) -> dict[str, str]:
    """The environment of a house that asks the stub once."""
    return {
        "EVENHAND_OPENAI_BASE_URL": base_url,
        "EVENHAND_OPENAI_API_KEY": "stub-key",
        "EVENHAND_OPENAI_MODEL": "stub-model",
        "EVENHAND_OPENAI_SAMPLES": "1",
    }


def fair_answers() -> list[str]:
    """The honest answers as the model sees them."""
    rubric = load_library()["customer-support/first-interview"]
    said = transcript_of(
        plan(rubric), {question.id: answer for question, answer in zip(rubric.questions, ANSWERS, strict=True)}
    )
    seen = prepare(said, names=("Wren", "Newcomer"), contacts=()).transcript
    return [turn.text for turn in seen.candidate_turns]


async def card_of(house: House, application: Newcomer) -> Scorecard:
    """The only scorecard of somebody's interview."""
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        statement = sa.select(ScorecardRow).where(ScorecardRow.interview_id == interview.id)
        return (await session.scalars(statement)).one().card


async def test_what_an_obeying_model_says_waits_for_a_person(sqlite_url: str, tmp_path: Path) -> None:
    """Under a policy that lets clear results stand, an honest one does; no attacker's band reaches the ATS unseen."""
    policy = (("mode: always", "mode: borderline_or_flagged"),)
    async with (
        running_model_stub(obeying(fair_answers())) as stub,
        running_house(sqlite_url, tmp_path, changes=policy, environment=stubbed(stub.base_url)) as house,
    ):
        bystander = await newcomer(house)
        await interviewed(house, bystander)
        await house.until_field(bystander.id, BAND, "Strong evidence")
        await house.work()
        profile, card = await house.sandbox.profile(bystander.id), await card_of(house, bystander)

        for attack in (attack for attack in ATTACKS if attack.id in CHOSEN):
            attacker = await newcomer(house)
            link = await house.invite(attacker.id)
            await asyncio.to_thread(take_interview, house.ports, link, [f"{ANSWERS[0]}\n{attack.text}", *ANSWERS[1:]])
            await house.until_field(attacker.id, COMPLETION, "In review")
            case = await open_case(house, attacker)
            queue = {item.case_id: item for item in await house.runtime.services.reviewing.queue()}
            assert "possible_injection" in [reason.value for reason in queue[case].reasons], attack.id
            assert await house.field(attacker.id, BAND) is None, attack.id
            found = await card_of(house, attacker)
            assert INVENTED not in " ".join(one.quote for score in found.scores for one in score.evidence), attack.id
            assert found.ablated is not None, attack.id

        await house.work()
        assert await house.sandbox.profile(bystander.id) == profile
        assert await card_of(house, bystander) == card
