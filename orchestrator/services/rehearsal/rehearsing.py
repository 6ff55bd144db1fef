"""Rehearsal: simulated candidates, or a member of the team, take the interview of a program.

Nothing is stored, nothing is mailed, and no ATS is asked; only the configured grader reads the answers.
"""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import Struct

from orchestrator.config.schema import Configuration
from orchestrator.domain.conformal import CalibrationSet
from orchestrator.domain.program import Program
from orchestrator.domain.rehearsal import COMPARED, AtsLine, Expectation, Outcome, expectations, shown_by_ats
from orchestrator.domain.simulated_candidates import Origin, Persona, Sheet, answers_of, covers
from orchestrator.domain.transcript import Plan, plan, transcript_of
from orchestrator.domain.uncertainty import review_reasons
from orchestrator.domain.writeback import FieldMap
from orchestrator.errors import Missing
from orchestrator.grading.together import all_or_none
from orchestrator.ports import Grader
from orchestrator.services.cards import card_view, turn_views
from orchestrator.services.judging import Spoken, judge
from orchestrator.services.rehearsal.sheets import sheet_of
from orchestrator.services.views import CardView, TurnView
from rubrics.schema import Rubric, content_hash

_NO_GRADER = "none: "


class Rehearsable(Struct, frozen=True, kw_only=True):
    """A program that can be rehearsed. ``origin`` says where the answers of simulated candidates come from."""

    key: str
    title: str
    rubric: str
    version: str
    rubric_hash: str
    origin: Origin
    plan: Plan


class Attempt(Struct, frozen=True, kw_only=True):
    """One interview that was rehearsed. ``persona`` is None where somebody typed the answers."""

    persona: Persona | None
    origin: Origin
    outcome: Outcome
    expectations: tuple[Expectation, ...]
    ats: tuple[AtsLine, ...]
    view: CardView
    turns: tuple[TurnView, ...]

    @property
    def met(self) -> bool:
        """Whether everything came as one would expect."""
        return all(expectation.met for expectation in self.expectations)


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What was rehearsed, and how it went."""

    program: Rehearsable
    attempts: tuple[Attempt, ...]

    @property
    def read_by(self) -> str:
        """The grader; none is asked about answers that nobody could grade."""
        raters = [attempt.outcome.card.rater for attempt in self.attempts]
        return next(
            (rater.name for rater in raters if not rater.name.startswith(_NO_GRADER)),
            "no grader, for there was nothing to grade",
        )


class Rehearsing:
    """Reads answers the way an interview is read, and keeps nothing."""

    def __init__(
        self,
        *,
        configuration: Configuration,
        rubrics: Mapping[str, Rubric],
        grader: Grader,
        samples: int = 1,
        calibrations: Sequence[CalibrationSet] = (),
    ) -> None:
        self._configuration = configuration
        self._rubrics = rubrics
        self._grader = grader
        self._samples = samples
        self._calibrations = calibrations

    def programs(self) -> tuple[Rehearsable, ...]:
        """Every program of the configuration, paused ones included: that is when one rehearses."""
        return tuple(self._rehearsable(program) for program in self._configuration.programs)

    def program(self, key: str) -> Rehearsable:
        """One program; raises Missing."""
        return self._rehearsable(self._found(key))

    async def simulate(self, key: str, personas: Sequence[Persona]) -> Rehearsal:
        """Let simulated candidates take the interview of a program.

        Those beside whom they are compared take it as well, but are not told of unless asked for.

        Raises:
            Missing: there is no such program.
            GradingFailed: the grader gave nothing usable.
        """
        program = self._found(key)
        rubric = self._rubrics[program.rubric]
        sheet = await asyncio.to_thread(sheet_of, rubric.id)
        wanted = dict.fromkeys(personas)
        needed = dict.fromkeys((*wanted, *(other for one in wanted for other in COMPARED.get(one, ()))))
        read = await all_or_none(
            [self._outcome(program, rubric, answers_of(persona, rubric, sheet)) for persona in needed]
        )
        outcomes = dict(zip(needed, read, strict=True))
        attempts = await asyncio.to_thread(
            lambda: tuple(self._attempt(program, rubric, persona, outcomes, sheet) for persona in wanted)
        )
        return Rehearsal(program=self._rehearsable(program), attempts=attempts)

    async def try_out(self, key: str, answers: Mapping[str, str], *, names: Sequence[str]) -> Rehearsal:
        """Read answers (by question id) that somebody of the team typed; ``names`` are blinded as a candidate's are.

        Raises:
            Missing: there is no such program.
            GradingFailed: the grader gave nothing usable.
        """
        program = self._found(key)
        rubric = self._rubrics[program.rubric]
        outcome = await self._outcome(program, rubric, answers, names=names)
        attempt = await asyncio.to_thread(
            self._shown, program, rubric, outcome, persona=None, origin=Origin.TYPED, expected=()
        )
        return Rehearsal(program=self._rehearsable(program), attempts=(attempt,))

    async def _outcome(
        self,
        program: Program,
        rubric: Rubric,
        answers: Mapping[str, str],
        *,
        names: Sequence[str] = (),
    ) -> Outcome:
        questions = plan(rubric)
        spoken = Spoken(
            rubric=rubric,
            rubric_hash=content_hash(rubric),
            plan=questions,
            transcript=transcript_of(questions, answers),
            names=tuple(names),
        )
        judgement = await judge(self._grader, spoken, samples=self._samples)
        reasons = review_reasons(
            judgement.card, rubric, program.review, judgement.flags, calibrations=self._calibrations
        )
        return Outcome(transcript=spoken.transcript, card=judgement.card, reasons=reasons)

    def _attempt(
        self, program: Program, rubric: Rubric, persona: Persona, outcomes: Mapping[Persona, Outcome], sheet: Sheet
    ) -> Attempt:
        origin = Origin.WRITTEN if covers(sheet, rubric) else Origin.DERIVED
        expected = expectations(persona, outcomes)
        return self._shown(program, rubric, outcomes[persona], persona=persona, origin=origin, expected=expected)

    def _shown(
        self,
        program: Program,
        rubric: Rubric,
        outcome: Outcome,
        *,
        persona: Persona | None,
        origin: Origin,
        expected: tuple[Expectation, ...],
    ) -> Attempt:
        return Attempt(
            persona=persona,
            origin=origin,
            outcome=outcome,
            expectations=expected,
            ats=shown_by_ats(outcome.card, rubric, self._fields(program), outcome.reasons),
            view=card_view(outcome.card, rubric, program.review, outcome.transcript),
            turns=turn_views(outcome.transcript, outcome.card, rubric),
        )

    def _found(self, key: str) -> Program:
        for program in self._configuration.programs:
            if program.key == key:
                return program
        raise Missing(f"There is no program {key!r}.")

    def _fields(self, program: Program) -> FieldMap:
        return self._configuration.connection(program.connection).fields

    def _rehearsable(self, program: Program) -> Rehearsable:
        rubric = self._rubrics[program.rubric]
        origin = Origin.WRITTEN if covers(sheet_of(rubric.id), rubric) else Origin.DERIVED
        return Rehearsable(
            key=program.key,
            title=program.title,
            rubric=rubric.id,
            version=rubric.version,
            rubric_hash=content_hash(rubric),
            origin=origin,
            plan=plan(rubric),
        )
