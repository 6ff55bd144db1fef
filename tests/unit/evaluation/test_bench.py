"""One run of the bench from file to file: graded, measured, compared, gated, drawn and put into the documentation."""

import hashlib
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from orchestrator.errors import ConfigurationInvalid
from orchestrator.evaluation.bench import run
from orchestrator.evaluation.comparing import compare, missed, read_outcome
from orchestrator.evaluation.document import filled, read_any
from orchestrator.evaluation.items import write_set
from orchestrator.evaluation.outcome import Outcome, Property, SuiteOutcome
from orchestrator.evaluation.page import page
from orchestrator.evaluation.saf import read_saf
from orchestrator.evaluation.suite import run_suite
from orchestrator.evaluation.verdict import GraderFacts
from orchestrator.evaluation.wanted import EMBEDDED, OPENAI, Gate, Model, SuiteWanted, Wanted
from tests.fixtures.model_stub import failing, replying, running_model_stub
from tests.unit.evaluation.labelled import item, items, measured, verdicts

SAMPLE = Path(__file__).parents[2] / "fixtures" / "saf"
BEYOND = Path(__file__).parents[2] / "fixtures" / "beyond_the_resume"


class Stopped:
    """A clock that stands."""

    def now(self) -> datetime:
        """Noon."""
        return datetime(2026, 11, 22, 12, tzinfo=UTC)


CLOCK = Stopped()


async def test_the_embedded_grader_over_a_set(tmp_path: Path) -> None:
    """All figures that are asked for are in the JSON, it is read again as what it was, and a second run is the same."""
    labelled, out, html = tmp_path / "set.jsonl", tmp_path / "out.json", tmp_path / "out.html"
    write_set(read_saf(SAMPLE)[30:90], labelled)
    done = await run(Wanted(grader=EMBEDDED, set=labelled, json=out, html=html), CLOCK)
    written = msgspec.json.decode(out.read_bytes(), type=dict[str, object])
    asked = {"n", "qwk", "qwk_ci", "exact", "within_one", "smd", "fabricated_quotes", "flagged", "cost"}
    assert asked <= written.keys()
    assert msgspec.convert(written["baselines"], type=dict[str, dict[str, object]]).keys() == {
        "length",
        "length_curve",
        "tfidf",
    }
    assert (written["n"], written["cost"], written["fabricated_quotes"]) == (60, 0.0, 0)
    assert read_outcome(out) == done.outcome
    assert done.outcome.qwk is not None
    assert done.outcome.qwk > 0.3
    again = await run(Wanted(grader=EMBEDDED, set=labelled, compare=out, gate=Gate(max_drop=0.0)), CLOCK)
    assert msgspec.structs.replace(again.outcome, seconds=0, compared=None) == msgspec.structs.replace(
        done.outcome, seconds=0
    )
    assert again.missed == ()
    assert again.outcome.compared is not None
    assert (again.outcome.compared.moved, again.outcome.compared.qwk_change) == (0, 0)
    self_contained(html.read_text("utf-8"))


def self_contained(text: str) -> None:
    """Nothing to load and nothing that runs; the plots are in it, each with words for who cannot see it."""
    assert "<script" not in text
    assert not re.search(r"""(src|href)\s*=|@import|url\(|\son\w+=""", text)
    assert text.count("<svg") == text.count('role="img"') >= 2
    assert "prefers-color-scheme: dark" in text
    assert "None" not in text


async def test_a_recording_replaces_the_model(tmp_path: Path) -> None:
    """Recorded over HTTP, replayed without it: the same levels; what was not recorded is left out and counted."""
    labelled, tape = tmp_path / "set.jsonl", tmp_path / "tape.jsonl"
    write_set(items(0, 1, 2, 3), labelled)
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    async with running_model_stub(replying('{"quotes": ["less dense"], "level": 2}')) as stub:
        model = Model(base_url=stub.base_url, api_key="none", name="stub-1", timeout=10, concurrency=2)
        live = await run(
            Wanted(grader=OPENAI, set=labelled, limit=3, model=model, record=tape, weights=str(weights), samples=2),
            CLOCK,
        )
    replayed = await run(Wanted(grader=OPENAI, set=labelled, replay=tape, samples=2), CLOCK)
    assert [one.grader for one in replayed.outcome.predictions] == [2, 2, 2]
    assert replayed.outcome.predictions == live.outcome.predictions
    assert (replayed.outcome.n, replayed.outcome.not_recorded, replayed.outcome.set.items) == (3, 1, 4)
    assert replayed.outcome.stability.share == 1
    facts = replayed.outcome.grader
    assert (facts.recorded_on, facts.parameters["samples"]) == ("2026-11-22", 2)
    assert facts.weights == f"sha256:{hashlib.sha256(b'weights').hexdigest()}"
    with pytest.raises(ConfigurationInvalid, match="has 2 sample"):
        await run(Wanted(grader=OPENAI, set=labelled, replay=tape, samples=3), CLOCK)
    write_set((item(9),), labelled)
    with pytest.raises(ConfigurationInvalid, match="none of the items"):
        await run(Wanted(grader=OPENAI, set=labelled, replay=tape), CLOCK)


@pytest.mark.parametrize(
    ("cut", "mixed", "said"),
    [(0.0, False, "above 0 and at most 3"), (4.0, False, "at most 3"), (1.0, True, "one max_level")],
)
async def test_a_cut_must_lie_on_the_scale(tmp_path: Path, cut: float, said: str, *, mixed: bool) -> None:
    """Off the scale nobody is on one of its sides."""
    labelled = tmp_path / "set.jsonl"
    write_set((*items(1, 2), *([item(9, max_level=5)] if mixed else [])), labelled)
    with pytest.raises(ConfigurationInvalid, match=said):
        await run(Wanted(grader=EMBEDDED, set=labelled, cut=cut), CLOCK)


def test_a_gate_is_kept_or_missed() -> None:
    """At the threshold it is kept; below, or where nothing is known, it is missed and said."""
    people = items(0, 1, 2, 3, 3)
    good, bad = measured(people, verdicts(0, 1, 2, 3, 3)), measured(people, verdicts(0, 1, 2, 2, 1))
    change = compare(good, bad)
    assert change.qwk_change is not None
    worse = msgspec.structs.replace(bad, compared=change)
    assert missed(Gate(min_qwk=1.0), good) == []
    assert missed(Gate(min_qwk=bad.qwk, max_drop=-change.qwk_change), worse) == []
    [one, two] = missed(Gate(min_qwk=0.99, max_drop=0.0), worse)
    assert (one.startswith("QWK is 0."), two.startswith("QWK changed by -0.")) == (True, True)
    nothing = measured(people[:1], verdicts(None))
    assert missed(Gate(min_qwk=0.1), nothing) == ["QWK is not known, and must be at least 0.1"]
    assert missed(Gate(max_drop=0.1), good) == ["QWK changed by not known, and may fall by at most 0.1"]


def test_a_comparison_is_over_what_both_rated() -> None:
    """Answers that only one has a level for are left out; another set is said to be another."""
    people = items(0, 1, 2, 3, 3)
    before, after = measured(people, verdicts(0, 1, None, 3, 2)), measured(people[:4], verdicts(0, 2, 2, 3))
    found = compare(before, after)
    assert (found.n, found.moved, found.same_set) == (3, 1, True)
    assert found.qwk_before == 1
    assert found.qwk_change is not None
    assert found.qwk_change < 0
    other = msgspec.structs.replace(before, set=msgspec.structs.replace(before.set, sha256="1" * 64))
    assert compare(other, after).same_set is False


def test_another_file_is_no_outcome(tmp_path: Path) -> None:
    """A set in place of an outcome is refused by name."""
    (tmp_path / "x.json").write_text("{}", "utf-8")
    with pytest.raises(ConfigurationInvalid, match=r"x\.json: is not an outcome"):
        read_outcome(tmp_path / "x.json")


def full() -> Outcome:
    """An outcome that has everything that a report can show."""
    people = tuple(
        item(n, level=n % 4, group="ab"[n % 2], raters=(n % 4,), answer=f"<b>{n}</b> words") for n in range(60)
    )
    facts = GraderFacts(
        kind="openai", model="<i>m</i>", recorded_on="2026-11-22", weights="hosted", prompt_hash="f" * 64
    )
    before = measured(people, verdicts(*(n % 3 for n in range(60))), facts=facts)
    return msgspec.structs.replace(before, compared=compare(before, before), not_recorded=3)


def test_the_report_shows_everything_and_escapes_names() -> None:
    """Groups, coverage, comparison and recording are in it; a model's name is text, never markup."""
    text = page(full())
    self_contained(text)
    for shown in (
        "By group",
        "Coverage by group",
        "Against the outcome before",
        "A recording of 2026-11-22",
        "3 more were",
    ):
        assert shown in text
    assert "<i>m</i>" not in text
    assert "&lt;i&gt;m&lt;/i&gt;" in text


def test_the_report_of_next_to_nothing() -> None:
    """Nobody rated, scales mixed: a report all the same, with what is not known said."""
    text = page(measured((item(1), item(2, max_level=5)), verdicts(None, None)))
    assert "not known" in text
    assert "None" not in text


def test_the_documentation_is_filled_from_outcomes(tmp_path: Path) -> None:
    """Only the block of a key changes, twice the same; other blocks stay; a key that is not there is an error."""
    suite = SuiteOutcome(
        made_at="2026-11-22T12:00:00+00:00",
        grader=GraderFacts(kind="embedded"),
        set="beyond",
        properties=(Property(name="padding", n=8, passed=7, share=7 / 8, share_ci=(0.5, 1.0), mean_shift=0.125),),
    )
    text = (
        "a\n<!-- figures:suite -->\nold\n<!-- /figures -->\nb\n<!-- figures:saf -->\nNot measured.\n<!-- /figures -->\n"
    )
    once = filled(text, {"suite": suite})
    assert "| padding | 8 | 7 (88%) | 50% to 100% | 0.12 |" in once
    assert "Not measured." in once
    assert filled(once, {"suite": suite}) == once
    both = filled(once, {"saf": full()})
    assert "Not measured." not in both
    assert "| QWK | " in both
    assert "recorded 2026-11-22, weights hosted" in both
    with pytest.raises(KeyError, match="unknown"):
        filled(text, {"unknown": suite})
    for kind in (suite, full()):
        (tmp_path / "out.json").write_bytes(msgspec.json.encode(kind))
        assert read_any(tmp_path / "out.json") == kind


async def test_the_suite_is_written_down_with_its_grader(tmp_path: Path) -> None:
    """A model that cannot be asked passes nothing, and the file says which model it was, read again as what it is."""
    base, out = tmp_path / "base", tmp_path / "suite.json"
    shutil.copytree(BEYOND, base)
    tests = base / "judge-tests"
    for file in (tests / "base-interviews").glob("*.json"):
        if file.stem != "sales_0":
            file.unlink()
    for file in tests.glob("*.json"):
        content = msgspec.json.decode(file.read_bytes())
        file.write_bytes(msgspec.json.encode({**content, "tests": {"sales_0": content["tests"]["sales_0"]}}))
    async with running_model_stub(failing(401)) as stub:
        model = Model(base_url=stub.base_url, api_key="none", name="stub-1", timeout=10, concurrency=4)
        found = await run_suite(SuiteWanted(folder=base, model=model, json=out), CLOCK)
    assert read_any(out) == found
    assert (found.grader.model, found.set, len(found.grader.prompt_hash or "")) == ("stub-1", "base", 64)
    assert {one.passed for one in found.properties} == {0}
    assert "irrelevance" in {one.name for one in found.properties}
    with pytest.raises(ConfigurationInvalid):
        await run_suite(SuiteWanted(folder=tmp_path), CLOCK)
