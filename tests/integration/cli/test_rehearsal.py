"""rehearse: what is printed and written, and that nothing is kept."""

import hashlib
from pathlib import Path

from orchestrator.cli.rehearsal import report_of, told
from orchestrator.domain.simulated_candidates import Persona
from tests.fixtures.rehearsal_pages import rehearsing
from tests.integration.cli.terminal import Terminal


def digest(file: Path) -> str:
    """What a file holds."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_one_simulated_candidate_is_told_whole_and_nothing_is_kept(terminal: Terminal) -> None:
    """Expectation, levels with quotes, reasons, and the ATS before and after a person decided; the database is the same."""
    before = digest(terminal.file)
    printed = terminal.run("rehearse", "support-pilot", "--as", "weak")
    assert (printed.status, printed.err) == (0, "")
    for words in (
        "A rehearsal: nothing was stored or mailed, and no ATS was asked.",
        "The answers were written by hand for this rubric.",
        "met      Reads lower than the strong candidate.",
        "Finding the cause: 2 of 5",
        "“I never found out what was wrong.” (unclear-cause)",
        "This is a first reading without a language model.",
        "    interview_completion: In review\n    interview_band: (empty)",
        "    interview_completion: Completed\n    interview_band: Limited evidence",
        "Everything came as one would expect.",
    ):
        assert words in printed.out
    assert digest(terminal.file) == before


def test_everybody_as_json(terminal: Terminal, tmp_path: Path) -> None:
    """To a file, or to standard output; the report has every persona with levels, evidence and expectations."""
    file = tmp_path / "rehearsal.json"
    assert terminal.run("rehearse", "sdr-pilot", "--json", str(file)).out == ""
    printed = terminal.run("rehearse", "sdr-pilot", "--as", "all", "--json", "-")
    assert printed.out == file.read_text("utf-8")
    report = printed.json
    assert (report["program"], report["rubric"], report["met"]) == ("sdr-pilot", "sales/sdr-first-interview", True)
    assert report["read_by"] == report["attempts"][0]["rater"]["name"] == "embedded"
    assert [attempt["persona"] for attempt in report["attempts"]] == [persona.value for persona in Persona]
    strong = report["attempts"][0]
    assert strong["levels"][0]["evidence"][0]["quote"]
    assert all(expectation["met"] for expectation in strong["expectations"])


def test_what_is_not_there_is_said_in_words(terminal: Terminal) -> None:
    """No such program, and no such simulated candidate."""
    assert terminal.run("rehearse", "nobody").err == "evenhand: There is no program 'nobody'.\n"
    assert terminal.run("rehearse", "support-pilot", "--as", "genius").status == 2


async def test_what_is_not_as_expected_is_told_last() -> None:
    """A rubric without cues lets the embedded grader find nobody strong: it is told as not met, in words and in the report."""
    rehearsal = await rehearsing(own_rubric=True).simulate("support-pilot", (Persona.STRONG, Persona.EMPTY))
    lines = list(told(rehearsal))
    assert any("derived from its own indicators and cues" in line for line in lines)
    assert any("NOT MET" in line and "no number against no number" in line for line in lines)
    assert lines[-1] == "Not as expected: strong."
    assert [attempt.met for attempt in report_of(rehearsal).attempts] == [False, True]
    assert not report_of(rehearsal).met
