"""rescore: what is scored again, what is told, and what is kept."""

import uuid

from msgspec import structs

from orchestrator.domain.simulated_candidates import Persona, answers_of
from orchestrator.main import Runtime
from orchestrator.services.rehearsal.sheets import sheet_of
from rubrics.loader import find
from rubrics.schema import content_hash
from tests.fixtures.scored_interviews import keep_rubric, scored_interview
from tests.integration.cli.terminal import Terminal

RUBRIC = find("customer-support/first-interview")
OLD = structs.replace(
    RUBRIC,
    version="0.9.0",
    bands=tuple(structs.replace(band, cut=1.8) if band.key == "mixed" else band for band in RUBRIC.bands),
)


def arrange(terminal: Terminal, *personas: Persona) -> list[uuid.UUID]:
    """Interviews that simulated candidates took with an older rubric, whose cuts were lower."""

    async def store(runtime: Runtime) -> list[uuid.UUID]:
        return [
            await scored_interview(runtime.database, OLD, answers_of(persona, OLD, sheet_of(OLD.id)), number=number)
            for number, persona in enumerate(personas)
        ]

    return terminal.arrange(store)


def test_a_program_is_scored_again_and_every_move_is_explained(terminal: Terminal) -> None:
    """Band by band, with a sum at the end; a dry run says so and stores nothing but who read."""
    arrange(terminal, Persona.WEAK, Persona.STRONG)
    printed = terminal.run("rescore", "support-pilot", "--rubric", RUBRIC.id, "--dry-run")
    assert (printed.status, printed.err) == (0, "")
    assert "“Mixed evidence” begins at 2.6 instead of 1.8" in printed.out
    assert "Without it, the band would be “Mixed evidence”." in printed.out
    assert "2 scored again, 1 with the same band.\n  1 from “Mixed evidence” to “Limited evidence”\n" in printed.out
    assert printed.out.endswith("Nothing was stored but who read.\n")
    assert terminal.run("audit", "verify", "--json").json["events"] == 2
    printed = terminal.run("rescore", "support-pilot", "--rubric", RUBRIC.id)
    assert printed.out.endswith("Stored beside the results. No ATS was told.\n")
    assert terminal.run("audit", "verify", "--json").json["events"] == 4


def test_one_interview_with_its_own_rubric_as_json(terminal: Terminal) -> None:
    """The same rubric and grader move nothing; a rubric that was used is found by its hash, and --limit narrows down."""
    one, _ = arrange(terminal, Persona.MIDDLING, Persona.STRONG)
    (same,) = terminal.run("rescore", "--interview", str(one), "--json").json
    assert (same["interview_id"], same["version"], same["explanation"]["movements"]) == (str(one), "0.9.0", [])
    terminal.arrange(lambda runtime: keep_rubric(runtime.database, RUBRIC))
    (by_hash,) = terminal.run(
        "rescore", "support-pilot", "--limit", "1", "--rubric", content_hash(RUBRIC), "--dry-run", "--json"
    ).json
    assert (by_hash["interview_id"], by_hash["version"]) == (str(one), RUBRIC.version)


def test_what_cannot_be_read_is_said_in_words(terminal: Terminal) -> None:
    """No interview, no such interview, no such rubric, and neither or both of program and interview."""
    nothing = terminal.run("rescore", "support-pilot")
    assert (nothing.status, nothing.out.startswith("There is nothing to score again")) == (0, True)
    unknown = terminal.run("rescore", "--interview", str(uuid.UUID(int=5)))
    assert (unknown.status, "There is no interview" in unknown.err) == (1, True)
    assert terminal.run("rescore", "support-pilot", "--rubric", "no/such").status == 1
    assert terminal.run("rescore").status == 2
    assert terminal.run("rescore", "support-pilot", "--interview", str(uuid.UUID(int=5))).status == 2
