"""The wheel: what is in it, what is not, and that what the lock installs is what it asks for."""

import re
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

import orchestrator
from orchestrator.db.migrate import script_location

ROOT = Path(__file__).parents[2]
# Read at run time from inside the packages; none is Python, so nothing but this list would miss one.
NEEDED = (
    "adapters/sandbox/quality.yaml",
    "adapters/sandbox/server/schema.sql",
    "adapters/sandbox/server/static/board.css",
    "adapters/sandbox/server/templates/board.html",
    "orchestrator/demo/answers.json",
    "orchestrator/demo/evenhand.yaml",
    "orchestrator/grading/prompts/system.j2",
    "orchestrator/mail/catching/templates/inbox.html",
    "orchestrator/mail/templates/invitation/body.html",
    "orchestrator/mail/templates/invitation/body.txt",
    "orchestrator/mail/templates/invitation/subject.txt",
    "orchestrator/migrations/env.py",
    "orchestrator/migrations/script.py.mako",
    "orchestrator/web/static/css/base.css",
    "orchestrator/web/static/js/autosave.js",
    "orchestrator/web/templates/base.html",
    "orchestrator/web/templates/candidate/question.html",
    "orchestrator/web/templates/team/case.html",
    "rubrics/library/customer-support/first-interview.yaml",
    "rubrics/library/sales/sdr-first-interview.yaml",
    "rubrics/schema.json",
)
PACKAGES = ("adapters", "orchestrator", "rubrics")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")))))


@pytest.fixture(scope="module")
def names(wheel: Path) -> frozenset[str]:
    """Every file in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


def test_top_level_is_three_packages(names: frozenset[str]) -> None:
    """Nothing else lands beside other people's packages; above all no alembic, which would break the real one."""
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)


@pytest.mark.parametrize("needed", NEEDED)
def test_what_is_read_at_run_time_is_there(names: frozenset[str], needed: str) -> None:
    """Templates, prompts, migrations, rubrics and the demo's files."""
    assert needed in names


def test_every_file_of_the_packages_is_there(names: frozenset[str]) -> None:
    """What a checkout has, the wheel has, file by file."""
    for package in PACKAGES:
        ours = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert ours <= names


def test_every_migration_is_there(names: frozenset[str]) -> None:
    """An installation can reach the newest schema without a checkout."""
    versions = {path.name for path in (ROOT / "alembic" / "versions").glob("*.py")}
    shipped = {name.rpartition("/")[2] for name in names if name.startswith("orchestrator/migrations/versions/")}
    assert versions
    assert shipped == versions


def test_nothing_private_or_built_is_there(names: frozenset[str]) -> None:
    """No tests, no byte code, no databases, no environment files; texts of which new adapters are made are no tests."""
    ours = [name for name in names if not name.startswith("adapters/kit/skeleton/")]
    assert len(ours) > len(names) / 2
    assert [name for name in ours if re.search(r"(^|/)tests/|__pycache__|\.pyc$|\.sqlite3|\.env$|\.db$", name)] == []


def test_metadata_asks_for_what_pyproject_says(wheel: Path) -> None:
    """Name, Python, licence and dependencies reach whoever installs it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        facts = Parser().parsestr(archive.read(name).decode())
    assert (facts["Name"], facts["Version"]) == (project["name"], project["version"])
    assert facts["License-Expression"] == "Apache-2.0"
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    wanted = {re.split(r"[<>=\[;~! ]", line)[0] for line in (*project["dependencies"], *extras)}
    assert {re.split(r"[<>=\[;~! ]", line)[0] for line in facts.get_all("Requires-Dist") or ()} == wanted


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_name_every_dependency_and_no_registry(lock: str) -> None:
    """Each dependency is pinned with hashes, and a lock works behind any index."""
    text = (ROOT / lock).read_text("utf-8")
    pinned = {match.casefold() for match in re.findall(r"^([A-Za-z0-9_.-]+)==", text, flags=re.MULTILINE)}
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert {re.split(r"[<>=\[;~! ]", line)[0] for line in declared} <= pinned
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(pinned)
    assert re.search(r"https?://|--index-url|--find-links", text) is None


def test_migrations_are_found_beside_the_checkout() -> None:
    """An editable install ignores where the wheel puts them, so the checkout's own folder is used."""
    assert script_location() == Path(orchestrator.__file__).parents[1] / "alembic"
    assert (script_location() / "env.py").is_file()


def test_alembic_is_no_package() -> None:
    """alembic/__init__.py would hide the library of that name."""
    assert not (ROOT / "alembic" / "__init__.py").exists()
