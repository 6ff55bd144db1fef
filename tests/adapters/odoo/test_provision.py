"""``make test-odoo`` says why it cannot run, and names nobody's package mirror."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.odoo.people import COMPLETIONS, FIELDS
from tests.odoo.provision import ROOT, CannotRun, installation

README = ROOT / "adapters" / "odoo" / "README.md"
MIRROR = "https://mirror.example.net/debian/"
Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A path with nothing on it but the programs that the test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        (folder / name).chmod(0o755)

    return put


def why_not(build: Path) -> str:
    with pytest.raises(CannotRun) as caught:
        installation(lambda _: None, build)
    return str(caught.value)


def test_it_needs_apt(program: Program, tmp_path: Path) -> None:
    """Elsewhere than on Debian there is nothing to unpack."""
    program("dpkg", "exit 0")
    assert why_not(tmp_path).startswith("apt-get is not here")


def test_it_needs_a_mirror_of_debian(program: Program, tmp_path: Path) -> None:
    """A machine whose apt knows only others is told so."""
    program("dpkg", "exit 0")
    program("apt-get", "echo 'https://other.example.net/apt/|Other|Other'")
    assert why_not(tmp_path) == "apt has no source here that is a mirror of the Debian archive"


@pytest.mark.parametrize("known", [f"echo '{MIRROR}|Debian|Debian'", ":"])
def test_a_mirror_without_the_package_is_told_and_not_named(program: Program, tmp_path: Path, known: str) -> None:
    """With or without lists of its own, the machine's mirror is asked, with lists of ours; its host stays unsaid."""
    program("dpkg", "exit 0")
    log = tmp_path / "log"
    program(
        "apt-get",
        f"""echo "$@" >> {log}
case "$*" in
indextargets*) {known};;
*--print-uris) echo "'{MIRROR}dists/stable/InRelease' some_InRelease 0";;
*download*) echo "E: Unable to locate at {MIRROR}sid" >&2; exit 100;;
esac""",
    )
    reason = why_not(tmp_path / "build")
    assert reason.startswith("the mirror has no package odoo-19:")
    assert "example.net" not in reason
    assert (tmp_path / "build/apt/sources.list").read_text("utf-8").endswith(f"{MIRROR} sid main\n")
    *_, update, download = log.read_text("utf-8").splitlines()
    for called in (update, download):
        assert f"Dir::State::Lists={tmp_path / 'build/apt/lists'}" in called
        assert "Dir::Etc::SourceParts=-" in called


def test_the_admin_reads_of_the_same_fields() -> None:
    """The README's table and what the run makes are one list, with the words of completion in the same order."""
    rows = re.findall(r"^\| `(x_\w+)` \| (\w+)[^|]*\| (.*) \|$", README.read_text("utf-8"), re.MULTILINE)
    assert {name: kind.lower() for name, kind, _ in rows} == {name: kind["ttype"] for name, kind in FIELDS.items()}
    assert rows[0][2].partition(":")[0].split(", ") == list(COMPLETIONS)
