"""``python -m tests.mutants``: plants every bug of the catalogue and wants it caught. ``--only NAME`` for one."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.mutants.catalogue import MUTANTS
from tests.mutants.trial import LONGEST, ROOT, Mutant, Outcome, TrialBroken, copy_tree, fits, run_tests, try_out

AT_ONCE = 2


def say(line: str) -> None:
    """Print a line at once, for it is long until the next."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def chosen(only: str | None) -> list[Mutant]:
    """The bugs to plant.

    Raises:
        SystemExit: there is none of that name.
    """
    found = [mutant for mutant in MUTANTS if only in {None, mutant.name}]
    if not found:
        raise SystemExit(f"no planted bug is called {only}; there are: {', '.join(m.name for m in MUTANTS)}")
    return found


def prepare(clean: Path, mutants: Sequence[Mutant]) -> None:
    """Copy the tree; the catching tests must pass in it as it is, and every replacement must fit.

    Raises:
        TrialBroken: they do not, or it does not.
    """
    copy_tree(ROOT, clean)
    if misfits := [mutant.name for mutant in mutants if not fits(clean, mutant)]:
        raise TrialBroken(f"the text that these replace is not there exactly once: {', '.join(misfits)}")
    tests = sorted({test for mutant in mutants for test in mutant.caught_by})
    seen = run_tests(clean, tests, first_only=False, longest=3 * LONGEST)
    if seen.failed or seen.passed < len(tests):
        raise TrialBroken(f"without any bug these fail: {[failure.test for failure in seen.failed]}")
    say(f"without a bug: {seen.passed} tests pass, all modules from the copy")


def show(outcome: Outcome) -> None:
    """One line of the table."""
    verdict = "caught" if outcome.caught else "MISSED"
    say(f"{verdict}  {outcome.mutant.name:<34} {outcome.seconds:5.1f} s  {outcome.why}")


def main() -> int:
    """Run it; the exit status is 0 where every bug was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="plant one bug")
    mutants = chosen(parser.parse_args().only)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="evenhand-mutants-") as name:
        folder = Path(name)
        try:
            prepare(folder / "clean", mutants)
        except TrialBroken as error:
            say(str(error))
            return 1
        outcomes = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for outcome in pool.map(partial(try_out, clean=folder / "clean", folder=folder), mutants):
                show(outcome)
                outcomes.append(outcome)
    caught = sum(outcome.caught for outcome in outcomes)
    missed = len(outcomes) - caught
    say(f"{time.monotonic() - began:.0f} seconds")
    say(f"planted={len(outcomes)} caught={caught} missed={missed}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
