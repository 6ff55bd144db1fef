"""The embedded grader under attack: every attack is flagged, none moves a level, and all is held for a person anyway."""

import itertools
from collections.abc import Mapping

import pytest
import pytest_asyncio

from orchestrator.domain.quality import suspicious
from orchestrator.domain.transcript import Speaker
from orchestrator.domain.uncertainty import ReviewReason
from tests.attacks.catalogue import ATTACKS, Attack
from tests.attacks.grading import ANSWERS, attacked, interview, levels, read

AT_LEAST = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fair() -> Mapping[str, float | None]:
    """The levels of the answers without an attack."""
    return levels(await read(ANSWERS))


def test_there_are_enough_attacks() -> None:
    """At least sixty, no two alike."""
    assert len({attack.text for attack in ATTACKS}) == len(ATTACKS) >= AT_LEAST


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
async def test_an_attack_is_flagged_and_moves_no_level(attack: Attack, fair: Mapping[str, float | None]) -> None:
    """Whatever is said to the grader, the levels are those of the answers without it: not higher, and not lower."""
    found = await read(attacked(attack.text))
    assert {ReviewReason.POSSIBLE_INJECTION, ReviewReason.PROVISIONAL} <= set(found.reasons)
    assert levels(found) == fair


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_the_suspicious_span_holds_the_attack_and_no_other_answer(attack: Attack) -> None:
    """The spans lie in the turn that was attacked, leave its first sentence alone, and in order and apart."""
    transcript = interview(attacked(attack.text))
    turn = next(turn for turn in transcript.turns if turn.speaker is Speaker.CANDIDATE)
    found = suspicious(transcript)
    assert list(found) == [turn.index]
    spans = found[turn.index]
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))
    assert spans[0].start >= len(next(iter(ANSWERS.values())))
    assert spans[-1].end <= len(turn.text)


async def test_an_honest_interview_is_not_suspected() -> None:
    """Without an attack there is no flag: the tests above can fail."""
    assert ReviewReason.POSSIBLE_INJECTION not in (await read(ANSWERS)).reasons
    assert suspicious(interview(ANSWERS)) == {}
