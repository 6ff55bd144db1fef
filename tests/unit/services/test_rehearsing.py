"""Rehearsing: the interview of a program is taken and read, by the real graders and with nothing kept."""

import asyncio

import pytest
from msgspec import structs

from orchestrator.domain.program import ReviewMode, ReviewPolicy
from orchestrator.domain.rehearsal import COMPARED, verbatim
from orchestrator.domain.scoring import Rater, RaterKind
from orchestrator.domain.simulated_candidates import WRITTEN, Origin, Persona, covers
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.errors import GradingFailed, Missing
from orchestrator.grading.embedded import EmbeddedGrader
from orchestrator.ports import GradingReply, GradingRequest
from orchestrator.services.rehearsal.rehearsing import Rehearsing
from orchestrator.services.rehearsal.sheets import sheet_of
from rubrics.loader import load_library
from rubrics.schema import Rubric
from tests.fixtures.held import PATIENCE, Held
from tests.fixtures.rehearsal_pages import Listening, Refusing, demo_company, rehearsing
from tests.unit.grading.examples import RUBRIC

PROGRAMS = ("support-pilot", "sdr-pilot")
TYPED = (
    "When my neighbour Quillon Ashby could not log in, I asked what error he saw and when it had started. So I checked the"
    " settings with him and found that the clock was wrong. We mended it together that evening."
)


@pytest.mark.parametrize("rubric", load_library().values(), ids=lambda rubric: str(rubric.id))
def test_every_rubric_of_the_library_has_answers_of_everybody(rubric: Rubric) -> None:
    """For each question and each of the five, all of them different, and for no question that does not exist."""
    sheet = sheet_of(rubric.id)
    assert covers(sheet, rubric)
    assert set(sheet) == {question.id for question in rubric.questions}
    assert all(len({*answers.values()}) == len(WRITTEN) for answers in sheet.values())


def test_nobody_wrote_answers_for_an_own_rubric() -> None:
    """Which is no error."""
    assert sheet_of("test/small") == {}


@pytest.mark.parametrize("program", PROGRAMS)
async def test_with_the_embedded_grader_everybody_comes_out_as_expected(program: str) -> None:
    """Eight simulated candidates on each rubric of the library; every one of them goes to a person."""
    rehearsal = await rehearsing().simulate(program, tuple(Persona))
    assert [attempt.persona for attempt in rehearsal.attempts] == list(Persona)
    missed = {attempt.persona: attempt.expectations for attempt in rehearsal.attempts if not attempt.met}
    assert missed == {}
    for attempt in rehearsal.attempts:
        assert attempt.outcome.reasons
        assert attempt.origin is Origin.WRITTEN
        assert verbatim(attempt.outcome)
        assert [line.part for line in attempt.ats if line.now] == ["completion", "link"]


async def test_who_is_compared_is_read_as_well_but_not_told_of() -> None:
    """One persona asked for is one attempt, and its expectations still hold both sides."""
    for persona in COMPARED:
        rehearsal = await rehearsing().simulate("support-pilot", (persona,))
        assert [attempt.persona for attempt in rehearsal.attempts] == [persona]
        assert rehearsal.attempts[0].met


async def test_own_answers_are_read_like_a_candidates() -> None:
    """The names given are blinded before a grader sees them, quotes are shown as they were typed, nothing is expected."""
    grader = Listening()
    await rehearsing(grader, samples=2).try_out("support-pilot", {"unclear-cause": TYPED}, names=("Quillon Ashby",))
    assert any("could not log in" in text for text in grader.heard)
    assert not any("Quillon" in text or "Ashby" in text for text in grader.heard)
    assert grader.samples == {2}
    rehearsal = await rehearsing().try_out("support-pilot", {"unclear-cause": TYPED}, names=("Quillon Ashby",))
    (attempt,) = rehearsal.attempts
    assert (attempt.persona, attempt.origin, attempt.expectations) == (None, Origin.TYPED, ())
    assert ReviewReason.UNANSWERED in attempt.outcome.reasons
    assert any(piece.text in TYPED and piece.evidence for turn in attempt.turns for piece in turn.pieces)


async def test_the_event_loop_is_free_while_own_answers_are_read() -> None:
    """The embedded grader asks nobody and waits for nobody: held in the middle of the rubric, it holds up no other page."""
    configuration, rubrics = demo_company()
    rubric = rubrics["customer-support/first-interview"]
    held = Held(rubric.competencies)
    slow = {**rubrics, rubric.id: structs.replace(rubric, competencies=held)}
    service = Rehearsing(configuration=configuration, rubrics=slow, grader=EmbeddedGrader())
    reading = asyncio.ensure_future(service.try_out("support-pilot", {"unclear-cause": TYPED}, names=()))
    assert await asyncio.to_thread(held.reached.wait, PATIENCE)
    assert not reading.done()
    held.let_go.set()
    assert len((await reading).attempts) == 1


async def test_an_own_rubric_gets_derived_answers_and_says_so() -> None:
    """The origin stands on the program and on each attempt."""
    own = rehearsing(own_rubric=True)
    assert [program.origin for program in own.programs()] == [Origin.DERIVED, Origin.WRITTEN]
    rehearsal = await own.simulate("support-pilot", (Persona.STRONG, Persona.EMPTY))
    assert {attempt.origin for attempt in rehearsal.attempts} == {Origin.DERIVED}
    assert rehearsal.program.rubric == RUBRIC.id


async def test_a_result_that_needs_nobody_is_shown_at_once() -> None:
    """Where the policy lets a model's result stand, the ATS would show it without a person."""
    configuration, rubrics = demo_company()
    policy = ReviewPolicy(mode=ReviewMode.BORDERLINE_OR_FLAGGED)
    programs = tuple(structs.replace(program, review=policy) for program in configuration.programs)

    class Sure(Listening):
        """Gives level 5 with a quote to everybody who said anything."""

        async def grade(self, request: GradingRequest) -> GradingReply:
            spoken = {turn.question_id: turn for turn in request.transcript.candidate_turns}
            turns = [next(iter(spoken.values()))] if spoken else []
            found = (await EmbeddedGrader().grade(request)).samples[0]
            claims = tuple(structs.replace(one, level=5 if one.quotes and turns else None) for one in found)
            return GradingReply(rater=Rater(kind=RaterKind.MODEL, name="sure"), samples=(claims,))

    sure = Rehearsing(configuration=structs.replace(configuration, programs=programs), rubrics=rubrics, grader=Sure())
    (attempt,) = (await sure.simulate("support-pilot", (Persona.STRONG,))).attempts
    assert attempt.outcome.reasons == ()
    assert all(line.now == line.confirmed for line in attempt.ats)


async def test_a_failure_ends_everything_that_was_begun() -> None:
    """Who still waits for the model when another reading fails is not waited for, and costs nothing more."""

    class Stuck(Listening):
        """Answers the second and later interviews never, and fails the first once another one waits."""

        def __init__(self) -> None:
            super().__init__()
            self.waits = asyncio.Event()
            self.ended = False

        async def grade(self, request: GradingRequest) -> GradingReply:
            self.heard.append("one more")
            if len(self.heard) == 1:
                await self.waits.wait()
                raise GradingFailed("no answer from the model", retryable=True)
            self.waits.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.ended = True
            raise AssertionError(request)

    stuck = Stuck()
    with pytest.raises(GradingFailed):
        await rehearsing(stuck).simulate("support-pilot", (Persona.STRONG,))
    assert stuck.ended


async def test_what_is_not_there_and_what_does_not_work_is_told() -> None:
    """A program of another name, and a grader that gives nothing."""
    with pytest.raises(Missing, match="no program 'nobody'"):
        await rehearsing().simulate("nobody", (Persona.WEAK,))
    with pytest.raises(Missing):
        rehearsing().program("nobody")
    with pytest.raises(GradingFailed):
        await rehearsing(Refusing()).simulate("support-pilot", (Persona.WEAK,))
