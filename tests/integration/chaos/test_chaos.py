"""Chaos with two hundred moves on each database: nothing lost, nothing doubled, nothing out of order (N2 to N5)."""

import re
import subprocess
import sys

import pytest

LAST_LINE = re.compile(
    r"deliveries=(\d+) moves=200 interviews=(\d+) kills=(\d+) faults=(\d+) lost=0 doubled_invitations=0"
    r" doubled_writes=0 order_violations=0 overwritten_human_edits=0"
)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_two_hundred_moves(database: str) -> None:
    """The last line has the verdict, the one before it the bands, and the exit status agrees."""
    command = [sys.executable, "-m", "tests.chaos.run", "--moves", "200", "--seed", "1", "--database", database]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = f"{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, said
    lines = done.stdout.splitlines()
    verdict = LAST_LINE.fullmatch(lines[-1])
    assert verdict is not None, said
    assert "final_band_violations=0" in lines[-2]
    deliveries, interviews, kills, faults = map(int, verdict.groups())
    assert deliveries > 300
    assert interviews > 100
    assert kills > 10
    assert faults > 30
