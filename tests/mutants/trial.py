"""One planted bug: a copy of the tree, one replacement in it, and the tests that have to fail there."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.mutants.witness import VERDICT

ROOT = Path(__file__).parents[2]
TREE = ("orchestrator", "adapters", "rubrics", "alembic", "tests", "pyproject.toml", "evenhand.example.yaml")
LEFT_OUT = shutil.ignore_patterns(".hypothesis", "node_modules")
LONGEST = 110.0
"""Seconds for the tests of one bug; a bug that makes them hang is not caught."""


class Mutant(Struct, frozen=True, kw_only=True):
    """A bug that a person could plant. ``old`` stands in ``file`` exactly once; ``caught_by`` are pytest node ids.

    ``shows_as`` is the error by which the catching test fails: a wrong state is seen by an assertion, a worker that
    never does its work by the test's own patience, two heads of a lane by the database's unique index.
    """

    name: str
    danger: str
    file: str
    old: str
    new: str
    caught_by: tuple[str, ...]
    shows_as: str = "AssertionError"


class Failure(Struct, frozen=True):
    """A test that failed, and the errors that it failed with."""

    test: str
    errors: tuple[str, ...]


class Verdict(Struct, frozen=True):
    """What the witness saw."""

    passed: int
    failed: tuple[Failure, ...]
    broken: tuple[str, ...]
    strangers: tuple[str, ...]
    engine: str


class Outcome(Struct, frozen=True):
    """What came of one bug."""

    mutant: Mutant
    caught: bool
    why: str
    seconds: float


class TrialBroken(Exception):
    """The trial itself proves nothing: a text that is not there, tests that cannot run, another tree that was tested."""


def copy_tree(source: Path, target: Path) -> None:
    """Copy what the tests need. File times are kept, so that bytecode that fits is used again."""
    for name in TREE:
        origin = source / name
        if origin.is_dir():
            shutil.copytree(origin, target / name, ignore=LEFT_OUT)
        elif origin.exists():
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin, target / name)


def fits(root: Path, mutant: Mutant) -> bool:
    """Whether the text that it replaces is there exactly once."""
    return (root / mutant.file).read_text("utf-8").count(mutant.old) == 1


def plant(root: Path, mutant: Mutant) -> None:
    """Make the replacement.

    Raises:
        TrialBroken: the text is not there exactly once, or the replacement is no change, or no Python.
    """
    if not fits(root, mutant) or mutant.old == mutant.new:
        raise TrialBroken(f"{mutant.name} does not fit {mutant.file}")
    path = root / mutant.file
    changed = path.read_text("utf-8").replace(mutant.old, mutant.new)
    try:
        compile(changed, mutant.file, "exec")
    except SyntaxError as error:
        raise TrialBroken(f"{mutant.name} is no Python: {error}") from error
    path.write_text(changed, "utf-8")
    for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        stale.unlink()


def run_tests(root: Path, tests: Sequence[str], *, first_only: bool, longest: float = LONGEST) -> Verdict:
    """Run tests in a copy.

    Raises:
        TrialBroken: they ran for too long, could not run, or did not test the copy.
    """
    verdict = root / "verdict.json"
    verdict.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", *tests, "-q", "-p", "no:cacheprovider", "-p", "tests.mutants.witness"]
    command += ["--hypothesis-seed=0", *(["-x"] if first_only else [])]
    environment = os.environ | {"PYTHONPATH": str(root), VERDICT: str(verdict), "PYTHONHASHSEED": "0"}
    output, ended = _run(command, root, environment, longest)
    if not ended or not verdict.exists():
        raise TrialBroken(f"{'no verdict' if ended else 'too slow'}:\n{output[-1500:]}")
    seen = msgspec.json.decode(verdict.read_bytes(), type=Verdict)
    if seen.broken or seen.strangers or not Path(seen.engine).is_relative_to(root.resolve()):
        raise TrialBroken(f"{[*seen.broken, *seen.strangers, seen.engine]}:\n{output[-1500:]}")
    return seen


def _run(command: Sequence[str], root: Path, environment: dict[str, str], longest: float) -> tuple[str, bool]:
    """Output, and whether it ended by itself. In a group of its own, so that nothing it started outlives it."""
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=longest)
        except subprocess.TimeoutExpired:
            # First a chance to stop its database server.
            process.send_signal(signal.SIGINT)
            try:
                output, _ = process.communicate(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, _ = process.communicate()
            return output, False
    return output, True


def judge(mutant: Mutant, seen: Verdict) -> tuple[bool, str]:
    """Whether a bug was caught, and by what."""
    if not seen.failed:
        return False, f"MISSED: {seen.passed} tests passed with it"
    for failure in seen.failed:
        if mutant.shows_as in failure.errors:
            return True, failure.test.partition("::")[2]
    return False, f"failed by {', '.join(seen.failed[0].errors)}, not by {mutant.shows_as}"


def try_out(mutant: Mutant, clean: Path, folder: Path) -> Outcome:
    """Copy, plant, run, judge; the copy is removed."""
    began = time.monotonic()
    root = folder / mutant.name
    try:
        copy_tree(clean, root)
        plant(root, mutant)
        caught, why = judge(mutant, run_tests(root, mutant.caught_by, first_only=True))
    except TrialBroken as error:
        caught, why = False, str(error)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return Outcome(mutant, caught, why, time.monotonic() - began)
