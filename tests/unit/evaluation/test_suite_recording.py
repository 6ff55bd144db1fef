"""A model's answers to the metamorphic suite, recorded over HTTP and judged again without it."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from orchestrator.domain.scoring import CompetencyClaim, Rater, RaterKind
from orchestrator.domain.transcript import Transcript, plan, transcript_of
from orchestrator.errors import ConfigurationInvalid, GradingFailed
from orchestrator.evaluation.document import markdown
from orchestrator.evaluation.metamorphic import chosen, run_metamorphic
from orchestrator.evaluation.rewordings import REWORDINGS
from orchestrator.evaluation.suite import run_suite
from orchestrator.evaluation.suite_recording import (
    NotRecorded,
    SuiteHeader,
    SuiteRecorder,
    asked_hash,
    read_suite_recording,
)
from orchestrator.evaluation.trials import Sitting, Trial
from orchestrator.evaluation.wanted import Model, SuiteWanted
from orchestrator.ports import GradingReply, GradingRequest
from rubrics.loader import load_library
from tests.fixtures.model_stub import graded, malformed, running_model_stub, sequence

BASE = Path(__file__).parents[2] / "fixtures" / "beyond_the_resume"
ANY_HASH = "0" * 64
HEADER = SuiteHeader(
    model="stub-1",
    weights="hosted",
    parameters={"temperature": 0.0},
    prompt_hash=ANY_HASH,
    recorded_on="2026-11-22",
    set="base",
)


class Stopped:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, tzinfo=UTC)


CLOCK = Stopped()


class Counting:
    """Numbers its answers, and fails when it is told to."""

    provisional = False

    def __init__(self, *failing: int) -> None:
        self.asked: list[GradingRequest] = []
        self.failing = failing

    async def grade(self, request: GradingRequest) -> GradingReply:
        self.asked.append(request)
        number = len(self.asked)
        if number in self.failing:
            raise GradingFailed(f"no answer number {number}", retryable=True)
        claims = tuple(CompetencyClaim(competency=one.id, level=None) for one in request.rubric.competencies)
        return GradingReply(rater=Rater(kind=RaterKind.MODEL, name=f"answer {number}"), samples=(claims,))

    async def aclose(self) -> None:
        """Nothing to release."""


def request(text: str = "I asked what had happened.") -> GradingRequest:
    one = REWORDINGS[0]
    rubric = load_library()[one.rubric]
    return GradingRequest(rubric=rubric, transcript=transcript_of(plan(rubric), {one.question: text}))


async def test_a_recording_replaces_the_model(tmp_path: Path) -> None:
    """The same figures without a network; what was not recorded is left out and counted; the page says what it was."""
    tape, weights = tmp_path / "tape.jsonl", tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    async with running_model_stub(graded(4)) as stub:
        model = Model(base_url=stub.base_url, api_key="none", name="stub-1", timeout=10, concurrency=4)
        wanted = SuiteWanted(folder=BASE, model=model, only=("dialect",), sample=2, record=tape, weights=str(weights))
        live = await run_suite(wanted, CLOCK)
        with pytest.raises(FileExistsError):
            await run_suite(wanted, CLOCK)
    replayed = await run_suite(SuiteWanted(folder=BASE, only=("dialect",), sample=2, replay=tape), CLOCK)
    assert replayed == live
    assert [(one.name, one.n, one.failed) for one in replayed.properties] == [("dialect", 2, 0)]
    whole = await run_suite(SuiteWanted(folder=BASE, only=("dialect",), replay=tape), CLOCK)
    assert (whole.properties, whole.not_recorded) == (live.properties, len(REWORDINGS) - 2)
    text = markdown(replayed)
    assert "Grader stub-1, recorded 2026-11-22, weights sha256:9a" in text
    assert "at most 2 trials of each" in text


async def test_a_failed_grading_is_recorded_as_one(tmp_path: Path) -> None:
    """It fails again when it is replayed, and stands in the figures as a grading that failed."""
    tape = tmp_path / "tape.jsonl"
    async with running_model_stub(sequence(graded(4), malformed())) as stub:
        model = Model(base_url=stub.base_url, api_key="none", name="stub-1", timeout=10, concurrency=4)
        wanted = SuiteWanted(folder=BASE, model=model, only=("dialect",), sample=1, record=tape, weights="hosted")
        live = await run_suite(wanted, CLOCK)
    replayed = await run_suite(SuiteWanted(folder=BASE, only=("dialect",), sample=1, replay=tape), CLOCK)
    assert replayed == live
    assert [(one.n, one.passed, one.failed) for one in replayed.properties] == [(1, 0, 1)]
    assert markdown(replayed).rstrip().endswith("| 1 |")


async def test_what_was_asked_twice_is_answered_in_order(tmp_path: Path) -> None:
    """An unsteady model stays unsteady; what was kept is there even though the last call failed."""
    tape = tmp_path / "tape.jsonl"
    recorder = SuiteRecorder(Counting(3), tape, HEADER)
    await recorder.grade(request())
    await recorder.grade(request())
    with pytest.raises(GradingFailed):
        await recorder.grade(request())
    replayed = read_suite_recording(tape, prompt_hash=ANY_HASH)
    assert [(await replayed.grade(request())).rater.name for _ in range(2)] == ["answer 1", "answer 2"]
    for _ in range(2):
        with pytest.raises(GradingFailed, match="no answer number 3"):
            await replayed.grade(request())
    with pytest.raises(NotRecorded):
        await replayed.grade(request("Something else."))
    await recorder.aclose()


def test_all_that_a_model_is_told_makes_it_another_question() -> None:
    """Words, rubric and the number of samples; the fresh lines and code words of each call do not."""
    first = request()
    rubric = msgspec.structs.replace(first.rubric, competencies=first.rubric.competencies[1:])
    others = [
        request("Other words."),
        msgspec.structs.replace(first, rubric=rubric),
        msgspec.structs.replace(first, samples=2),
    ]
    assert asked_hash(first) == asked_hash(request())
    assert len({asked_hash(one) for one in (first, *others)}) == 4


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), r":1:1: the recording is empty"),
        ((b'{"kind":"evenhand-recording"}',), r":1:1: "),
        ((msgspec.json.encode(HEADER), b'{"asked":"x","reply":null}'), r":2:1: "),
        ((msgspec.json.encode(HEADER), b"{"), r":2:1: is not a JSON object"),
        ((msgspec.json.encode(msgspec.structs.replace(HEADER, prompt_hash="1" * 64)),), r":1:1: .*another prompt"),
    ],
)
def test_another_file_is_refused_by_line(tmp_path: Path, lines: tuple[bytes, ...], said: str) -> None:
    """Nothing, a recording of a labelled set, a broken line, another prompt."""
    tape = tmp_path / "tape.jsonl"
    tape.write_bytes(b"\n".join(lines))
    with pytest.raises(ConfigurationInvalid, match=said):
        read_suite_recording(tape, prompt_hash=ANY_HASH)


def trials(**counts: int) -> list[Trial]:
    """Trials by name, each with a transcript of its own number."""
    nothing = Sitting(Transcript(()), ())
    return [Trial(name, nothing, nothing, target=(place,)) for name, count in counts.items() for place in range(count)]


def names(found: list[Trial]) -> list[str]:
    return [f"{trial.name}{trial.target[0]}" for trial in found]


def test_a_sample_is_even_and_goes_round() -> None:
    """Some of each property first; without a sample all, in order; a name said twice counts once."""
    every = trials(a=4, b=1, c=6)
    assert names(list(chosen(every, (), 2))) == ["a0", "b0", "c0", "a2", "c3"]
    assert list(chosen(every, (), None)) == every
    assert names(list(chosen(every, ("c", "a", "c"), 1))) == ["c0", "a0"]
    with pytest.raises(ConfigurationInvalid, match=r"no property d, e \(there are: a, b, c\)"):
        chosen(every, ("d", "a", "e"), None)


async def test_a_trial_about_one_competency_asks_for_no_other() -> None:
    """A model takes minutes for each: two sittings, one competency each, and the suite is told what moved."""
    grader = Counting()
    [found] = (await run_metamorphic(grader, BASE, only=("high-evidence",), sample=1)).properties
    assert (found.n, found.passed) == (1, 0)
    assert [len(one.rubric.competencies) for one in grader.asked] == [1, 1]
