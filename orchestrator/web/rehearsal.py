"""Rehearsal: the team sees how an interview is read before a candidate does. Nothing that is shown here is kept."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY, HTTP_503_SERVICE_UNAVAILABLE
from msgspec import Struct

from orchestrator.domain.simulated_candidates import Origin, Persona
from orchestrator.errors import GradingFailed
from orchestrator.services.rehearsal.rehearsing import Rehearsable, Rehearsal
from orchestrator.web.case_page import crossed
from orchestrator.web.guards import TeamRequest, reviewers_only
from orchestrator.web.phrases import Phrases
from orchestrator.web.team_services import TeamServices
from orchestrator.web.typed import cleaned, key_in_address

EVERYBODY = "all"
MAX_ANSWER = 8_000
"""Characters of one answer, as many as a candidate may write."""
PERSONAS: Mapping[Persona, tuple[str, str]] = {
    Persona.STRONG: ("Strong", "shows most of what the two highest levels ask for"),
    Persona.MIDDLING: ("Middling", "shows what the middle level asks for"),
    Persona.WEAK: ("Weak", "shows what the two lowest levels describe"),
    Persona.TERSE: ("Terse", "a few words for each question"),
    Persona.EMPTY: ("Empty", "hands in without an answer"),
    Persona.GIBBERISH: ("Gibberish", "letters and words that mean nothing"),
    Persona.INJECTING: ("Instructing", "the weak one, with orders to the software in the answers"),
    Persona.NON_NATIVE: ("Another first language", "says what the strong one says, in learner's English"),
}
"""Name and description of each simulated candidate, as the page says them."""

ORIGINS: Mapping[Origin, str] = {
    Origin.WRITTEN: "Their answers were written by hand for this rubric.",
    Origin.DERIVED: (
        "Nobody wrote answers for this rubric, so they are derived from its own indicators and cues. That shows how answers"
        " travel and which cues are found. It does not show how well the grader reads people."
    ),
    Origin.TYPED: "These answers were typed here.",
}
PARTS: Mapping[str, str] = {
    "completion": "Completion",
    "band": "Band",
    "subscores": "Competencies",
    "score": "Score, 0 to 100",
    "bullets": "Summary",
    "link": "Link",
    "audit_ref": "Audit reference",
    "note": "Note",
}


class SimulatedForm(Struct, frozen=True):
    """Which simulated candidate takes the interview; ``all`` for everybody."""

    persona: str = ""


class RehearsingDoor(Protocol):
    """Interviews that are taken for practice."""

    def programs(self) -> tuple[Rehearsable, ...]:
        """Every program."""
        ...

    def program(self, key: str) -> Rehearsable:
        """One program."""
        ...

    async def simulate(self, key: str, personas: Sequence[Persona]) -> Rehearsal:
        """Let simulated candidates take the interview."""
        ...

    async def try_out(self, key: str, answers: Mapping[str, str], *, names: Sequence[str]) -> Rehearsal:
        """Read answers that somebody typed."""
        ...


class RehearsalServices(TeamServices, Protocol):
    """The services of the team's pages, with rehearsals."""

    @property
    def rehearsing(self) -> RehearsingDoor:
        """Rehearsals."""
        ...


Services = NamedDependency[SkipValidation[RehearsalServices]]


class RehearsalController(Controller):
    """Everything under /rehearsal."""

    path = "/rehearsal"
    guards = (reviewers_only,)

    @get("/", summary="Rehearsals")
    async def programs(self, services: Services) -> Template:
        """The programs that can be rehearsed."""
        return Template(
            "team/rehearsals.html", context={"programs": services.rehearsing.programs(), "origins": ORIGINS}
        )

    @get("/{program:str}", summary="Rehearsal of a program")
    async def program(self, services: Services, program: FromPath[str]) -> Template:
        """Who can take the interview, and a form to take it oneself."""
        return _page(services.rehearsing.program(key_in_address(program)))

    @post("/{program:str}/simulated", summary="Let simulated candidates answer", status_code=HTTP_200_OK)
    async def simulate(
        self, services: Services, program: FromPath[str], data: URLEncodedBody[SimulatedForm]
    ) -> Template:
        """One simulated candidate in full, or all of them in a table. Shown once: a reload reads again."""
        known = services.rehearsing.program(key_in_address(program))
        if data.persona not in {EVERYBODY, *Persona}:
            return _page(
                known, errors={"persona": "Choose who takes the interview."}, status=HTTP_422_UNPROCESSABLE_ENTITY
            )
        personas = tuple(Persona) if data.persona == EVERYBODY else (Persona(data.persona),)
        try:
            rehearsal = await services.rehearsing.simulate(known.key, personas)
        except GradingFailed:
            return _page(known, failed=True, status=HTTP_503_SERVICE_UNAVAILABLE)
        return _page(known, rehearsal=rehearsal, chosen=data.persona)

    @post("/{program:str}/answers", summary="Read one's own answers", status_code=HTTP_200_OK)
    async def answers(
        self,
        request: TeamRequest,
        services: Services,
        program: FromPath[str],
        data: URLEncodedBody[dict[str, str]],
    ) -> Template:
        """The interview as somebody of the team answered it. Answers are read and shown, and kept nowhere."""
        known = services.rehearsing.program(key_in_address(program))
        typed = {question.id: cleaned(data.get(f"answer-{question.id}", "")) for question in known.plan.questions}
        errors = {
            f"answer-{one}": f"Please keep it under {MAX_ANSWER:,} characters."
            for one in typed
            if len(typed[one]) > MAX_ANSWER
        }
        if errors:
            return _page(known, typed=typed, errors=errors, status=HTTP_422_UNPROCESSABLE_ENTITY)
        try:
            rehearsal = await services.rehearsing.try_out(known.key, typed, names=(request.user.name,))
        except GradingFailed:
            return _page(known, typed=typed, failed=True, status=HTTP_503_SERVICE_UNAVAILABLE)
        return _page(known, rehearsal=rehearsal, typed=typed)


def _page(
    program: Rehearsable,
    *,
    rehearsal: Rehearsal | None = None,
    chosen: str = "",
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    failed: bool = False,
    status: int = HTTP_200_OK,
) -> Template:
    attempts = rehearsal.attempts if rehearsal else ()
    alone = attempts[0] if len(attempts) == 1 else None
    anchors = [piece.anchor for turn in alone.turns for piece in turn.pieces if piece.anchor] if alone else []
    return Template(
        "team/rehearsal.html",
        context={
            "program": program,
            "attempts": attempts,
            "read_by": rehearsal.read_by if rehearsal else "",
            "alone": alone,
            "anchored": frozenset(anchors),
            "crossed": crossed(alone.view) if alone else (),
            "personas": PERSONAS,
            "origins": ORIGINS,
            "parts_of_result": PARTS,
            "everybody": EVERYBODY,
            "chosen": chosen,
            "typed": typed or {},
            "errors": errors or {},
            "failed": failed,
            "say": Phrases(datetime.now(UTC)),
        },
        status_code=status,
    )
