"""The documentation holds together: links lead somewhere, named files exist, commands are real."""

import re
from pathlib import Path

import click
import pytest

from orchestrator.cli.app import evenhand
from tests.docs.pages import CODE, PAGES, ROOT, text

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
NAMED_FILE = re.compile(r"^(?:orchestrator|adapters|rubrics|tests|docs|alembic|\.ci)/[\w./-]+\.\w+$")
WIDTH = 500


def relative(path: Path) -> str:
    """For the names of tests."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of ours is a file."""
    targets = [target for target in LINK.findall(page.read_text("utf-8")) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_named_files_exist(page: Path) -> None:
    """A file that is named in code style is there."""
    named = [word for word in CODE.findall(page.read_text("utf-8")) if NAMED_FILE.match(word)]
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_page_is_one_page(page: Path) -> None:
    """One title, and short enough to be read in one sitting."""
    outside = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    assert len(re.findall(r"^# ", outside, flags=re.MULTILINE)) == 1
    assert len(outside.splitlines()) < WIDTH


def test_invariants_name_their_proof() -> None:
    """Every invariant names a test file that exists, or says plainly that it is not proved yet."""
    rows = re.findall(r"^\| (N\d+) \|.*\| ([^|]+) \|$", text("docs/explanation/invariants.md"), flags=re.MULTILINE)
    assert [name for name, _ in rows] == [f"N{number}" for number in range(1, 12)]
    for name, proof in rows:
        files = CODE.findall(proof)
        assert files or proof == "*not proved yet*", name
        assert all(file.startswith("tests/") and (ROOT / file).is_file() for file in files), name


def test_decisions_are_listed() -> None:
    """Every decision is in the list, numbered without a gap, and says what it is worth."""
    files = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [path.name[:4] for path in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    listed = LINK.findall(text("docs/adr/README.md"))
    assert listed == [path.name for path in files]
    assert [path.name for path in files if "Accepted." not in path.read_text("utf-8")] == []


def test_readme_needs_two_commands() -> None:
    """The set-up is make demo and make test, and nothing before them."""
    blocks = re.findall(r"^```\n(.*?)^```", text("README.md"), flags=re.MULTILINE | re.DOTALL)
    assert blocks == ["make demo\n", "make test\n"]


def test_make_targets_in_the_docs_exist() -> None:
    """What a page says to make can be made."""
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), flags=re.MULTILINE))
    named = {
        word.split()[1]
        for page in PAGES
        for word in re.findall(r"(?<![\w-])make [a-z-]+(?=[`\s])", "\n".join(commands_in(page)))
    }
    assert named
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_commands_in_the_docs_exist(page: Path) -> None:
    """Every `evenhand …` in a page is a command, down to the last word, with options that it has."""
    for line in commands_in(page):
        for found in re.findall(r"(?:^|/|\s)evenhand ((?:[a-z]+(?: |$))+)([^`|#]*)", line):
            _check(found[0].split(), re.findall(r"--[a-z-]+", found[1]), line)


def commands_in(page: Path) -> list[str]:
    """Lines of blocks, and words in code style."""
    whole = page.read_text("utf-8")
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", whole, flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return lines + CODE.findall(re.sub(r"```.*?```", "", whole, flags=re.DOTALL))


def _check(words: list[str], options: list[str], line: str) -> None:
    command: click.Command = evenhand
    for word in words:
        if not isinstance(command, click.Group):
            return
        assert word in command.commands, line
        command = command.commands[word]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert set(options) <= known, line
