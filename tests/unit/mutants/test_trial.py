"""The trial of a planted bug can be trusted: it misses what is missed, and refuses what proves nothing."""

from pathlib import Path

import pytest

import orchestrator
from tests.mutants.catalogue import MUTANTS
from tests.mutants.trial import ROOT, Failure, Mutant, TrialBroken, Verdict, fits, judge, plant
from tests.mutants.witness import leaves, name_of, strangers

BUG = Mutant(
    name="bug", danger="none", file="engine.py", old="1 + 1", new="1 - 1", caught_by=("test_engine.py::test_sum",)
)


def verdict(*failed: Failure) -> Verdict:
    """What was seen in a run of one test."""
    return Verdict(passed=1 - len(failed), failed=failed, broken=(), strangers=(), engine="")


def test_every_bug_fits_the_tree() -> None:
    """Each text that is replaced stands there exactly once, so that the list cannot rot."""
    # Wherever it is installed: in the checkout, or as a wheel.
    product = Path(orchestrator.__file__ or "").parents[1]
    assert [mutant.name for mutant in MUTANTS if not fits(product, mutant)] == []
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 12


@pytest.mark.parametrize("text", ["2", "1 + 1, 1 + 1"])
def test_a_text_that_is_not_there_once_is_refused(text: str, tmp_path: Path) -> None:
    """Neither never nor twice."""
    (tmp_path / "engine.py").write_text(text, "utf-8")
    with pytest.raises(TrialBroken):
        plant(tmp_path, BUG)


def test_a_bug_that_is_no_python_is_refused(tmp_path: Path) -> None:
    """A test that fails because nothing can be imported has caught nothing."""
    (tmp_path / "engine.py").write_text("(1 + 1)", "utf-8")
    nonsense = Mutant(name="bug", danger="none", file="engine.py", old="1 + 1)", new="1 +", caught_by=())
    with pytest.raises(TrialBroken):
        plant(tmp_path, nonsense)
    assert (tmp_path / "engine.py").read_text("utf-8") == "(1 + 1)"


def test_a_bug_is_planted_and_nothing_stale_is_left(tmp_path: Path) -> None:
    """The text is replaced; bytecode of the old text goes."""
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "engine.cpython-311.pyc").write_bytes(b"")
    (tmp_path / "engine.py").write_text("total = 1 + 1\n", "utf-8")
    plant(tmp_path, BUG)
    assert (tmp_path / "engine.py").read_text("utf-8") == "total = 1 - 1\n"
    assert list((tmp_path / "__pycache__").iterdir()) == []


def test_only_the_expected_failure_counts() -> None:
    """Passing is a miss; so is failing for another reason."""
    assert judge(BUG, verdict(Failure("test_engine.py::test_sum", ("AssertionError",)))) == (True, "test_sum")
    assert judge(BUG, verdict())[0] is False
    assert judge(BUG, verdict(Failure("test_engine.py::test_sum", ("ImportError",))))[0] is False


def test_errors_are_called_by_what_they_are() -> None:
    """In groups as well; a missing error is an assertion, a time-out is not."""
    group = ExceptionGroup("both", [ValueError(), ExceptionGroup("inner", [AssertionError()])])
    assert [name_of(error) for error in leaves(group)] == ["ValueError", "AssertionError"]
    assert name_of(pytest.fail.Exception("DID NOT RAISE ValueError")) == "AssertionError"
    assert name_of(pytest.fail.Exception("Timeout (>120.0s) from pytest-timeout.")) == "Timeout"


def test_modules_from_elsewhere_are_noticed(tmp_path: Path) -> None:
    """Here everything comes from the tree; seen from another folder, all of it is strange."""
    assert any(line.startswith(("orchestrator.work.", "tests.")) for line in strangers(tmp_path))
    assert [line for line in strangers(ROOT) if line.startswith("tests.")] == []
