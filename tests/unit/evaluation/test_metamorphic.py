"""The metamorphic suite: it praises a grader that is steady, and catches one that counts words or has a favourite name."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest

from orchestrator.domain.scoring import CompetencyClaim, QuoteClaim, Rater, RaterKind
from orchestrator.domain.transcript import Transcript
from orchestrator.errors import ConfigurationInvalid, GradingFailed
from orchestrator.evaluation.judge_tests import (
    Height,
    competency_id,
    read_judge_tests,
    rubrics_for,
    transcript_of_messages,
)
from orchestrator.evaluation.metamorphic import judge, run_metamorphic, shift
from orchestrator.evaluation.rewordings import REWORDINGS, Manner
from orchestrator.evaluation.trials import Effect, Sitting, Trial, judge_trials, own_trials, sitting, swap_gender
from orchestrator.grading.embedded import EmbeddedGrader
from orchestrator.ports import GradingReply, GradingRequest
from rubrics.loader import load_library
from rubrics.schema import Rubric

BASE = Path(__file__).parents[2] / "fixtures" / "beyond_the_resume"
KEPT = ("gd_4", "sales_0")
Rule: TypeAlias = Callable[[Transcript], int | None]


class RuleGrader:
    """Gives every competency the level that a rule says of the whole transcript, with a quote that stands there."""

    provisional = True

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    async def grade(self, request: GradingRequest) -> GradingReply:
        turn = request.transcript.candidate_turns[0]
        claims = tuple(
            CompetencyClaim(
                competency=one.id, level=self.rule(request.transcript), quotes=(QuoteClaim(turn.index, turn.text),)
            )
            for one in request.rubric.competencies
        )
        return GradingReply(rater=Rater(kind=RaterKind.EMBEDDED, name="rule"), samples=(claims,))

    async def aclose(self) -> None:
        """Nothing to release."""


def words(transcript: Transcript) -> int:
    return sum(len(turn.text.split()) for turn in transcript.candidate_turns)


def says(transcript: Transcript, word: str) -> bool:
    return any(word in turn.text for turn in transcript.candidate_turns)


@pytest.fixture(scope="module")
def small_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set cut down to two interviews."""
    base = tmp_path_factory.mktemp("judge") / "base"
    shutil.copytree(BASE, base)
    for file in (base / "judge-tests" / "base-interviews").glob("*.json"):
        if file.stem not in KEPT:
            file.unlink()
    for file in (base / "judge-tests").glob("*.json"):
        content = msgspec.json.decode(file.read_bytes())
        content["tests"] = {name: content["tests"][name] for name in KEPT}
        file.write_bytes(msgspec.json.encode(content))
    return base


async def shares(base: Path, rule: Rule) -> dict[str, float]:
    return {one.name: one.share for one in (await run_metamorphic(RuleGrader(rule), base)).properties}


async def test_a_grader_that_never_moves_is_steady_and_deaf(small_base: Path) -> None:
    """It passes all that must not move a level and nothing that must."""
    found = {one.name: one for one in (await run_metamorphic(RuleGrader(lambda _: 3), small_base)).properties}
    steady = {"irrelevance", "aggrandising", "repetition", "padding", "said_twice", "name_and_gender", "paraphrase"}
    steady |= {"dialect", "non_native", "benign_blinding", "benign_removal"}
    assert {name for name, one in found.items() if one.passed == one.n} == {*steady, "medium-evidence"}
    assert found["medium-evidence-debase"].passed == found["high-evidence"].passed == 0
    assert all(one.mean_shift == 0 for one in found.values())
    assert "high-evidence-debase" not in found
    assert found["padding"].n == len(KEPT) + len(REWORDINGS)
    assert found["dialect"].share_ci is not None
    assert found["dialect"].share_ci[0] < 1


async def test_a_grader_that_counts_words_is_caught(small_base: Path) -> None:
    """Padding and repetition move it."""
    found = await shares(small_base, lambda transcript: 1 + words(transcript) // 30 % 5)
    assert found["padding"] < 0.5
    assert found["said_twice"] < 0.5
    assert found["benign_removal"] == 1


async def test_a_grader_with_a_favourite_is_caught(small_base: Path) -> None:
    """A name moves it, and nothing else does."""
    found = await shares(small_base, lambda transcript: 5 if says(transcript, "Emily") else 2)
    assert found["name_and_gender"] < 1
    assert found["padding"] == 1


async def test_a_failed_grading_passes_nothing(small_base: Path) -> None:
    """A result that did not come is no pass."""

    class Failing(RuleGrader):
        async def grade(self, request: GradingRequest) -> GradingReply:
            raise GradingFailed("no answer", retryable=False)

    found = (await run_metamorphic(Failing(lambda _: 3), small_base)).properties
    assert {one.passed for one in found} == {0}
    assert [one.failed for one in found] == [one.n for one in found]


async def test_the_embedded_grader_is_steady(small_base: Path) -> None:
    """Irrelevance, praise, repetition, padding, names and the defences themselves move no level of it."""
    found = {one.name: one for one in (await run_metamorphic(EmbeddedGrader(), small_base)).properties}
    for name in ("irrelevance", "aggrandising", "padding", "said_twice", "name_and_gender", "benign_blinding"):
        assert found[name].passed == found[name].n, name
    assert found["high-evidence"].passed > 0


EMPTY = Sitting(Transcript(()), ())


@pytest.mark.parametrize(
    ("effect", "target", "before", "after", "passed"),
    [
        (Effect.STAYS, (), 3, 3, True),
        (Effect.STAYS, (), None, None, True),
        (Effect.STAYS, (), None, 3, False),
        (Effect.STAYS, (), 3, 4, False),
        (Effect.TOWARDS, (4, 5), None, 4, True),
        (Effect.TOWARDS, (4, 5), 2, 3, True),
        (Effect.TOWARDS, (4, 5), 5, 4, True),
        (Effect.TOWARDS, (4, 5), None, 3, False),
        (Effect.TOWARDS, (4, 5), 4, None, False),
        (Effect.TOWARDS, (1, 2), 3, 3, False),
        (Effect.AWAY, (4, 5), 5, 4, True),
        (Effect.AWAY, (4, 5), 4, 3, True),
        (Effect.AWAY, (4, 5), 4, None, True),
        (Effect.AWAY, (4, 5), 4, 5, False),
        (Effect.AWAY, (1, 2), 1, 2, True),
        (Effect.AWAY, (3,), 3, 3, False),
        (Effect.AWAY, (4, 5), 3, 2, None),
        (Effect.AWAY, (4, 5), None, None, None),
    ],
)
def test_trials_are_judged_by_their_effect(
    effect: Effect, target: tuple[int, ...], before: int | None, after: int | None, *, passed: bool | None
) -> None:
    """Case by case; what was never recognised cannot be taken back."""
    trial = Trial("case", EMPTY, EMPTY, effect, "x", target)
    found = judge(trial, {"x": before}, {"x": after})
    assert (found if found is None else found[0]) is passed


def test_coming_and_going_is_a_shift() -> None:
    """A level that appears counts one, a move its distance, staying without a level nothing."""
    assert [shift(None, 3), shift(5, None), shift(2, 4), shift(None, None)] == [1, 1, 2, 0]


def test_the_data_set_becomes_rubrics_that_the_schema_allows() -> None:
    """Every rubric is valid, with each dimension once; low lies at 1 and 2, medium at 3, high at 4 and 5."""
    tests = read_judge_tests(BASE)
    assert len(tests.interviews) == 20
    for name, said in tests.interviews.items():
        role = name.partition("_")[0]
        made = rubrics_for(role, tests.dimensions[role], transcript_of_messages(said))
        assert [msgspec.json.decode(msgspec.json.encode(one), type=Rubric) for one in made] == list(made)
        ids = [competency.id for one in made for competency in one.competencies]
        assert sorted(ids) == sorted(competency_id(dimension) for dimension in tests.dimensions[role])
        first = made[0].competencies[0]
        texts = tests.dimensions[role][first.id.replace("-", "_")]
        assert first.anchors[2].behaviour == texts[Height.MEDIUM]
        high = [indicator.text for anchor in first.anchors[3:] for indicator in anchor.indicators]
        assert len(high) == len(set(high)) == 3
        assert all(
            indicator.text in texts[Height.LOW] for anchor in first.anchors[:2] for indicator in anchor.indicators
        )


def test_added_turns_stand_at_the_end_with_a_question_of_their_own() -> None:
    """The base stays as it is; debasing comes after the evidence that it takes back."""
    tests = read_judge_tests(BASE)
    base, debased = sitting(tests, "gd_0"), sitting(tests, "gd_0", "high-evidence", "high-evidence-debase")
    assert debased.transcript.turns[: len(base.transcript.turns)] == base.transcript.turns
    assert debased.transcript.turns[-1].text == tests.tests["high-evidence-debase"]["gd_0"].applicant_turn
    assert len({turn.question_id for turn in debased.transcript.turns}) == len(debased.transcript.turns) // 2


def test_every_added_turn_and_every_base_has_a_trial() -> None:
    """Nine tests of twenty; ours on all base interviews and all hand-written answers."""
    tests = read_judge_tests(BASE)
    judged = list(judge_trials(tests))
    assert len(judged) == 9 * 20
    evidence = {one.applicant_turn for one in tests.tests["high-evidence"].values()}
    debased = [trial for trial in judged if trial.name == "high-evidence-debase"]
    assert {trial.before.transcript.turns[-1].text for trial in debased} == evidence
    bases, reworded = 20 + len(REWORDINGS), len(REWORDINGS)
    trials = list(own_trials(tests, load_library()))
    assert len(trials) == 3 * reworded + 5 * bases
    assert all(trial.before != trial.after for trial in trials if not trial.name.startswith("benign"))


def test_genders_are_swapped_for_everybody() -> None:
    """Both ways, with possessives and capitals, and nothing inside other words."""
    text = "She told him that her list helped her to see his error. The other theory: himself."
    swapped = "He told her that his list helped him to see her error. The other theory: herself."
    assert swap_gender(text) == swapped


def test_hand_written_answers_differ_in_every_manner() -> None:
    """Four texts each, for questions that the packaged rubrics have."""
    library = load_library()
    for one in REWORDINGS:
        assert library[one.rubric].question(one.question).id == one.question
        assert len({one.text(manner) for manner in Manner}) == len(Manner)


def test_a_folder_without_the_data_set_is_refused(tmp_path: Path) -> None:
    """With the name of what is wrong."""
    with pytest.raises(ConfigurationInvalid, match="no base interviews"):
        read_judge_tests(tmp_path)
    interviews = tmp_path / "judge-tests" / "base-interviews"
    interviews.mkdir(parents=True)
    (interviews / "gd_0.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match=r"gd_0\.json"):
        read_judge_tests(tmp_path)
