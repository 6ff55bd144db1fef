"""rehearse: simulated candidates take the interview of a program, and nothing is kept."""

import sys
import textwrap
from collections.abc import Iterator
from typing import TextIO

import click
import msgspec
from msgspec import Struct

from orchestrator.cli.output import plainly, with_runtime
from orchestrator.domain.rehearsal import AtsLine, Expectation
from orchestrator.domain.scoring import Evidence, Rater, Unscored
from orchestrator.domain.simulated_candidates import Origin, Persona
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.main import Runtime
from orchestrator.services.rehearsal.rehearsing import Attempt, Rehearsal
from orchestrator.web.phrases import REASONS

EVERYBODY = "all"
WIDTH = 100
ORIGINS = {
    Origin.WRITTEN: "The answers were written by hand for this rubric.",
    Origin.DERIVED: (
        "Nobody wrote answers for this rubric: they were derived from its own indicators and cues. That shows how answers"
        " travel, and which cues are found; it does not show how well the grader reads people."
    ),
}


class LevelReport(Struct, frozen=True, kw_only=True):
    """One competency: its level, or why it has none, with the evidence."""

    competency: str
    level: float | None
    unscored: Unscored | None
    rationale: str
    evidence: tuple[Evidence, ...]


class AttemptReport(Struct, frozen=True, kw_only=True):
    """One simulated candidate."""

    persona: Persona | None
    origin: Origin
    rater: Rater
    met: bool
    expectations: tuple[Expectation, ...]
    band: str
    aggregate: float | None
    standard_error: float | None
    coverage: float
    levels: tuple[LevelReport, ...]
    reasons: tuple[ReviewReason, ...]
    bullets: tuple[str, ...]
    ats: tuple[AtsLine, ...]


class RehearsalReport(Struct, frozen=True, kw_only=True):
    """What `evenhand rehearse --json` writes."""

    program: str
    rubric: str
    version: str
    rubric_hash: str
    read_by: str
    met: bool
    attempts: tuple[AttemptReport, ...]


@click.command()
@click.argument("program")
@click.option(
    "--as",
    "persona",
    type=click.Choice([*(persona.value for persona in Persona), EVERYBODY]),
    default=EVERYBODY,
    show_default=True,
    help="Which simulated candidate answers.",
)
@click.option(
    "--json", "out", type=click.File("w", encoding="utf-8"), help="Write a report as JSON to this file (-: print it)."
)
@plainly
def rehearse(program: str, persona: str, out: TextIO | None) -> None:
    """Let simulated candidates take the interview of PROGRAM, and show what would come of it.

    The configured grader reads their answers; nothing is stored, nothing is mailed, and no ATS is asked. The exit status is
    1 where something did not come as one would expect.
    """
    personas = tuple(Persona) if persona == EVERYBODY else (Persona(persona),)

    async def action(runtime: Runtime) -> Rehearsal:
        return await runtime.services.rehearsing.simulate(program, personas)

    rehearsal = with_runtime(action)
    if out is None:
        for line in told(rehearsal):
            click.echo(line)
    else:
        out.write(msgspec.json.format(msgspec.json.encode(report_of(rehearsal))).decode() + "\n")
    if not all(attempt.met for attempt in rehearsal.attempts):
        sys.exit(1)


def report_of(rehearsal: Rehearsal) -> RehearsalReport:
    """A rehearsal for machines."""
    known = rehearsal.program
    return RehearsalReport(
        program=known.key,
        rubric=known.rubric,
        version=known.version,
        rubric_hash=known.rubric_hash,
        read_by=rehearsal.read_by,
        met=all(attempt.met for attempt in rehearsal.attempts),
        attempts=tuple(_report(attempt) for attempt in rehearsal.attempts),
    )


def told(rehearsal: Rehearsal) -> Iterator[str]:
    """A rehearsal for people, line by line."""
    known = rehearsal.program
    yield f"{known.title} ({known.key}), rubric {known.rubric} {known.version}, read by {rehearsal.read_by}"
    yield "A rehearsal: nothing was stored or mailed, and no ATS was asked."
    yield from textwrap.wrap(ORIGINS[rehearsal.attempts[0].origin], WIDTH)
    for attempt in rehearsal.attempts:
        yield from _told(attempt)
    missed = [str(attempt.persona) for attempt in rehearsal.attempts if not attempt.met]
    yield ""
    yield f"Not as expected: {', '.join(missed)}." if missed else "Everything came as one would expect."


def _report(attempt: Attempt) -> AttemptReport:
    card = attempt.outcome.card
    return AttemptReport(
        persona=attempt.persona,
        origin=attempt.origin,
        rater=card.rater,
        met=attempt.met,
        expectations=attempt.expectations,
        band=card.band,
        aggregate=card.aggregate,
        standard_error=card.standard_error,
        coverage=card.coverage,
        levels=tuple(
            LevelReport(
                competency=score.competency,
                level=score.level,
                unscored=score.unscored,
                rationale=score.rationale,
                evidence=score.evidence,
            )
            for score in card.scores
        ),
        reasons=attempt.outcome.reasons,
        bullets=attempt.view.bullets,
        ats=attempt.ats,
    )


def _told(attempt: Attempt) -> Iterator[str]:
    yield ""
    yield click.style(str(attempt.persona).upper(), bold=True)
    for expectation in attempt.expectations:
        mark = click.style("met    ", fg="green") if expectation.met else click.style("NOT MET", fg="red")
        yield f"  {mark}  {expectation.expected} ({expectation.seen})"
    asked = {turn.index: turn.question_id for turn in attempt.outcome.transcript.turns}
    yield f"  {attempt.view.band_label}. {attempt.view.sentence}"
    for competency in attempt.view.competencies:
        level = (
            competency.unscored or "not enough evidence" if competency.level is None else f"{competency.level:g} of 5"
        )
        yield f"    {competency.name}: {level}"
        for quote in competency.quotes:
            yield from _indented(f"“{quote.text}” ({asked[quote.turn]})", 6)
    if attempt.outcome.reasons:
        yield "  Why a person would look"
        for reason in attempt.outcome.reasons:
            yield from _indented(f"- {REASONS[reason]}", 4)
    yield "  The ATS would show" + (", until a person decided" if attempt.outcome.reasons else "")
    yield from _places([(line, line.now) for line in attempt.ats])
    if attempt.outcome.reasons:
        yield "  and once a person confirmed the band"
        yield from _places([(line, line.confirmed) for line in attempt.ats])


def _places(rows: list[tuple[AtsLine, str]]) -> Iterator[str]:
    for line, text in rows:
        first, *more = text.splitlines() or ["(empty)"]
        yield f"    {line.key or line.part}: {first}"
        yield from (f"      {one}" for one in more)


def _indented(text: str, by: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * by, subsequent_indent=" " * (by + 1))
