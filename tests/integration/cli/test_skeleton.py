"""adapters new: what it writes is a vendor that passes the conformance suite, but for what is still to be said."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.kit.scaffold import NameUnfit, registration, scaffold
from tests.docs.pages import ROOT
from tests.integration.cli.terminal import Terminal

NAME = "zimtstern"


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A copy of what a vendor needs of the checkout."""
    copy = tmp_path / "checkout"
    leave = shutil.ignore_patterns("__pycache__", ".hypothesis")
    for part in ("adapters", "tests/adapters", "tests/fixtures"):
        shutil.copytree(ROOT / part, copy / part, ignore=leave)
    shutil.copyfile(ROOT / "pyproject.toml", copy / "pyproject.toml")
    # The rest of Evenhand is as it is.
    for part in ("orchestrator", "rubrics", "alembic"):
        (copy / part).symlink_to(ROOT / part)
    yield copy
    shutil.rmtree(copy)


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module in a checkout, without the coverage of this one."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


def register(checkout: Path) -> None:
    """Write the vendor down as the page says."""

    lines: dict[str, list[str]] = {}
    for file, line in registration(NAME):
        lines.setdefault(file, []).append(line)
    for file, mark in (
        ("adapters/registry.py", "        SANDBOX,\n"),
        ("tests/adapters/cases.py", "        SANDBOX_CASE,\n"),
    ):
        imported, member = lines[file]
        text = (checkout / file).read_text("utf-8")
        first = re.search(r"^from (?:adapters|tests)", text, flags=re.MULTILINE)
        assert first is not None
        text = f"{text[: first.start()]}{imported}\n{text[first.start() :]}"
        assert mark in text
        name = member.partition(",")[0]
        (checkout / file).write_text(text.replace(mark, f"{mark}        {name},\n"), "utf-8")


@pytest.mark.long
def test_the_skeleton_passes_but_for_what_is_to_be_said(terminal: Terminal, checkout: Path) -> None:
    """The linter has nothing to say; the suite passes, and one test names what quality.yaml still calls todo."""
    printed = terminal.run("adapters", "new", NAME, "--folder", str(checkout))
    assert (printed.status, printed.err) == (0, "")
    assert all(file in printed.out and line in printed.out for file, line in registration(NAME))
    register(checkout)
    folders = (f"adapters/{NAME}", f"tests/adapters/{NAME}")
    linted = run(checkout, "ruff", "check", "--no-cache", *folders)
    assert linted.returncode == 0, linted.stdout
    formatted = run(checkout, "ruff", "format", "--no-cache", "--check", *folders)
    assert formatted.returncode == 0, formatted.stdout
    tested = run(checkout, "pytest", folders[1], "-q", "-p", "no:cacheprovider", "-k", "not MainJob")
    failed = re.findall(r"^FAILED .*::(\w+)", tested.stdout, flags=re.MULTILINE)
    assert failed == ["test_claims"], tested.stdout[-3000:]
    assert f"adapters/{NAME}/quality.yaml: still todo: signature-bad, signature-missing, " in tested.stdout
    quality = checkout / folders[0] / "quality.yaml"
    quality.write_text(quality.read_text("utf-8").replace(": todo", ": done"), "utf-8")
    said = run(checkout, "pytest", folders[1], "-q", "-p", "no:cacheprovider", "-k", "test_claims")
    assert said.returncode == 0, said.stdout[-3000:]


def test_nothing_is_overwritten(terminal: Terminal, tmp_path: Path) -> None:
    """A vendor that is there stays as it is; outside a checkout nothing is written."""
    printed = terminal.run("adapters", "new", NAME, "--folder", str(tmp_path))
    assert (printed.status, "is no checkout" in printed.err) == (2, True)
    (tmp_path / "adapters" / NAME).mkdir(parents=True)
    (tmp_path / "adapters" / "registry.py").touch()
    printed = terminal.run("adapters", "new", NAME, "--folder", str(tmp_path))
    assert (printed.status, printed.out) == (1, "")
    assert "nothing was written" in printed.err
    assert list((tmp_path / "adapters" / NAME).iterdir()) == []


@pytest.mark.parametrize("name", ["", "A", "a", "Acme", "my-ats", "my_ats", "1ats", "../x", "x" * 21, "é" * 3])
def test_names(terminal: Terminal, name: str) -> None:
    """A key that could be no folder of Python is refused."""
    with pytest.raises(NameUnfit):
        scaffold(name)
    assert terminal.run("adapters", "new", name).status == 2


@pytest.mark.parametrize("name", ["aa", "acme", "zz9", "smartestrecruiters"])
def test_no_placeholder_is_left(name: str) -> None:
    """Whatever the name, every file is filled in, and the tests have the name as a word."""
    made = scaffold(name)
    assert [path for path, text in made.items() if "{{" in text and "}}" in text] == []
    assert f"{name.upper()}_CASE" in made[f"tests/adapters/{name}/world.py"]
