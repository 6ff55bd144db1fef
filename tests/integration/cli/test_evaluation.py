"""eval: what is printed and written, what a gate does to the exit status, and what is said when something is missing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.evaluation.items import read_set, write_set
from tests.integration.cli.terminal import Terminal
from tests.unit.evaluation.labelled import items

SAMPLE = Path(__file__).parents[2] / "fixtures" / "saf"
SUITE = Path(__file__).parents[2] / "fixtures" / "beyond_the_resume"


@pytest.fixture
def bench(sqlite_url: str) -> Terminal:
    """A terminal without a single setting: the bench needs neither a database nor a configuration."""
    return Terminal(url=sqlite_url)


def test_from_the_data_set_to_a_report(bench: Terminal, tmp_path: Path) -> None:
    """The set is made, measured, printed and written; the short form is the long one; a gate decides the exit status."""
    labelled, out = tmp_path / "saf.jsonl", tmp_path / "out.json"
    made = bench.run("eval", "saf", str(SAMPLE), "--out", str(labelled), "--part", "held-out")
    assert (made.status, made.out) == (
        0,
        f"{len(read_set(labelled).items)} answers to 4 questions are in {labelled}.\n",
    )
    few = tmp_path / "few.jsonl"
    bench.run("eval", "saf", str(SAMPLE), "--out", str(few), "--part", "held-out", "--limit", "5")
    assert read_set(few).items == read_set(labelled).spread(5).items
    common = ("--grader", "embedded", "--set", str(labelled))
    printed = bench.run("eval", *common, "--json", str(out), "--html", str(tmp_path / "out.html"))
    assert (printed.status, printed.err) == (0, "")
    for words in ("QWK of length only (trained)", "ICC(2,1)", "Krippendorff", "Held by conformal intervals for 90%"):
        assert words in printed.out
    assert json.loads(out.read_text("utf-8"))["n"] == len(read_set(labelled).items)
    assert "</html>" in (tmp_path / "out.html").read_text("utf-8")
    gated = bench.run(
        "eval", "run", *common, "--limit", "20", "--compare", str(out), "--gate", "--min-qwk", "1.1", "--max-drop", "0"
    )
    assert gated.status == 1
    assert "Missed: QWK is" in gated.err
    assert "on the same 20 answers: 0 levels differ" in gated.out


def test_without_gate_a_missed_threshold_is_said_only(bench: Terminal, tmp_path: Path) -> None:
    """The exit status stays 0; it is a figure, not a failure."""
    labelled = tmp_path / "set.jsonl"
    write_set(items(0, 1, 2), labelled)
    printed = bench.run("eval", "--grader", "embedded", "--set", str(labelled), "--min-qwk", "1.1")
    assert printed.status == 0
    assert "must be at least 1.1" in printed.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--grader", "embedded", "--replay", "SET"), "Only the answers of a model can be recorded or replayed"),
        (("--grader", "openai", "--replay", "SET", "--record", "x", "--weights", "hosted"), "not both at once"),
        (("--grader", "openai", "--record", "x"), "--record and --weights belong together"),
        (("--grader", "embedded", "--gate"), "A gate needs a threshold"),
        (("--grader", "embedded", "--max-drop", "0.1"), "add --compare"),
        (("--grader", "openai"), "a model needs EVENHAND_OPENAI_BASE_URL or EVENHAND_OPENAI_API_KEY"),
        (("--grader", "openai", "--replay", "SET"), "the recording"),
    ],
)
def test_what_does_not_fit_together_is_said(
    bench: Terminal, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    """Before anything is graded, in words and with status 2."""
    labelled = tmp_path / "set.jsonl"
    write_set(items(0, 1, 2), labelled)
    printed = bench.run("eval", "--set", str(labelled), *(str(labelled) if one == "SET" else one for one in options))
    assert printed.status == 2
    assert said in printed.err or (said == "the recording" and f"{labelled}:1:1: " in printed.err)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--grader", "embedded", "--replay", __file__), "Only the answers of a model can be recorded or replayed"),
        (("--grader", "openai", "--record", "x"), "--record and --weights belong together"),
        (("--grader", "openai", "--replay", __file__), "test_evaluation.py:1:1: "),
        (("--grader", "embedded", "--only", "charm"), "there is no property charm (there are: "),
    ],
)
def test_what_does_not_fit_the_suite_is_said(bench: Terminal, options: tuple[str, ...], said: str) -> None:
    """Before anything is graded, in words and with status 2."""
    printed = bench.run("eval", "metamorphic", str(SUITE), *options)
    assert printed.status == 2
    assert said in printed.err


def test_some_trials_of_the_suite(bench: Terminal, tmp_path: Path) -> None:
    """Only the properties that are named, so many of each, on the terminal and in the file."""
    out = tmp_path / "out.json"
    common = ("--grader", "embedded", "--only", "dialect", "--only", "paraphrase", "--sample", "2")
    printed = bench.run("eval", "metamorphic", str(SUITE), *common, "--json", str(out))
    assert printed.status == 0
    assert [line.split()[:2] for line in printed.out.splitlines()[1:]] == [["dialect", "2"], ["paraphrase", "2"]]
    assert json.loads(out.read_text("utf-8"))["sample"] == 2


def test_a_missing_extra_is_named() -> None:
    """The libraries that measure are optional: without them one sentence says how to install them."""
    program = (
        "import sys; sys.modules['krippendorff'] = None\n"
        "from orchestrator.cli.app import evenhand\n"
        "evenhand(['eval', '--grader', 'embedded', '--set', __file__])"
    )
    file = Path(__file__)
    done = subprocess.run(
        [sys.executable, "-c", program.replace("__file__", repr(str(file)))],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'evenhand[evaluation]'" in done.stderr
