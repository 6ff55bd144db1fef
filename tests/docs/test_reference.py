"""The reference pages say what the code has: every key, every variable, every command, and nothing else."""

import re
import tomllib
from collections.abc import Iterator

import click
import msgspec
import pytest

from adapters.contract.model import StageKind
from orchestrator.cli.app import evenhand
from orchestrator.config.schema import (
    Company,
    Configuration,
    Connection,
    Credential,
    NoticeSettings,
    ResultLinks,
    Secret,
    StageMapping,
)
from orchestrator.domain.program import (
    NOT_YET_SUPPORTED,
    Cap,
    Invitation,
    NoticePeriod,
    Program,
    QuietHours,
    ReviewPolicy,
    RoleFamily,
    Strict,
    When,
)
from orchestrator.domain.retention import Retention
from orchestrator.domain.writeback import FieldMap
from orchestrator.settings import PREFIX, Settings
from tests.docs.pages import first_cells, text

SECTIONS: dict[str, type[Strict]] = {
    "The file": Configuration,
    "company": Company,
    "connections[]": Connection,
    "secret": Secret,
    "credential": Credential,
    "connections[].result_links": ResultLinks,
    "connections[].stages[]": StageMapping,
    "connections[].fields": FieldMap,
    "role_families[]": RoleFamily,
    "programs[]": Program,
    "programs[].when": When,
    "programs[].cap": Cap,
    "programs[].invitation": Invitation,
    "programs[].review": ReviewPolicy,
    "notice": NoticeSettings,
    "retention": Retention,
}
# Refused when the file is read, so what is inside them is nothing to know yet.
REFUSED = {QuietHours, NoticePeriod}


def structs(kind: msgspec.inspect.Type) -> Iterator[type]:
    """Every struct that a type can hold."""
    if isinstance(kind, msgspec.inspect.StructType):
        yield kind.cls
        for field in kind.fields:
            yield from structs(field.type)
    elif isinstance(kind, msgspec.inspect.UnionType):
        for option in kind.types:
            yield from structs(option)
    elif isinstance(kind, msgspec.inspect.VarTupleType):
        yield from structs(kind.item_type)
    elif isinstance(kind, msgspec.inspect.DictType):
        yield from structs(kind.value_type)


@pytest.mark.parametrize(("heading", "struct"), SECTIONS.items(), ids=list(SECTIONS))
def test_keys_of_the_configuration(heading: str, struct: type[Strict]) -> None:
    """A section has every key of its struct, in any order, and no other."""
    documented = first_cells(text("docs/reference/configuration.md"))[heading]
    assert sorted(documented) == sorted(struct.__struct_fields__)


def test_every_part_of_the_configuration_has_a_section() -> None:
    """A new struct in the file needs a section of its own."""
    assert set(structs(msgspec.inspect.type_info(Configuration))) - REFUSED == set(SECTIONS.values())


def default_rows() -> Iterator[tuple[type[Strict], str, str]]:
    """Struct, key, and the default that its row names in code or as a number."""
    heading = ""
    for line in text("docs/reference/configuration.md").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").replace("`", "")
        elif line.startswith("| `") and heading in SECTIONS:
            key, default = (cell.strip().strip("`") for cell in line.split("|")[1:3])
            if re.fullmatch(r"[\d.]+|[a-z_]+|\[[\d, ]+\]", default) and default not in {"none", "any"}:
                yield SECTIONS[heading], key, default


@pytest.mark.parametrize(("struct", "key", "documented"), list(default_rows()))
def test_defaults_of_the_configuration(struct: type[Strict], key: str, documented: str) -> None:
    """A default that the page names is the one that holds."""
    [default] = [field.default for field in msgspec.structs.fields(struct) if field.name == key]
    assert msgspec.json.decode(msgspec.json.encode(default)) == (
        msgspec.json.decode(documented) if re.match(r"[\d\[]|true|false", documented) else documented
    )


def test_stage_kinds_and_refused_options_are_named() -> None:
    """The words of the stage table are all there; so are the options that are not supported yet."""
    page = text("docs/reference/configuration.md")
    assert [kind for kind in StageKind if f"`{kind.value}`" not in page] == []
    assert ", ".join(f"`{option}`" for option in NOT_YET_SUPPORTED) in page


def test_settings() -> None:
    """Every EVENHAND_* variable, and no other."""
    [documented] = first_cells(text("docs/reference/settings.md")).values()
    assert documented == [f"{PREFIX}{field.upper()}" for field in Settings.__struct_fields__]


def test_defaults_of_settings() -> None:
    """The defaults are the ones of the code."""
    defaults = {f"{PREFIX}{field.name.upper()}": field.default for field in msgspec.structs.fields(Settings)}
    for line in text("docs/reference/settings.md").splitlines():
        if line.startswith("| `"):
            name, documented = (cell.strip().strip("`") for cell in line.split("|")[1:3])
            expected = {msgspec.NODEFAULT: "required", None: "none", False: "no"}
            default = defaults[name]
            assert documented == expected.get(default, f"{default:g}" if isinstance(default, float) else str(default))


def commands(group: click.Group, path: str = "evenhand") -> Iterator[tuple[str, click.Command]]:
    """Every command that is not hidden."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        elif not command.hidden:
            yield f"{path} {name}", command


def test_commands() -> None:
    """Every command has a heading, and no heading is for a command that does not exist."""
    documented = re.findall(r"^### `(evenhand [^`]+)`$", text("docs/reference/cli.md"), flags=re.MULTILINE)
    assert sorted(documented) == sorted(name for name, _ in commands(evenhand))


@pytest.mark.parametrize(("name", "command"), list(commands(evenhand)))
def test_options_of_commands(name: str, command: click.Command) -> None:
    """A command's section names every option it has, and no other."""
    section = text("docs/reference/cli.md").partition(f"### `{name}`\n")[2].partition("\n### ")[0]
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert set(re.findall(r"--[a-z-]+", section.partition("\n## ")[0])) == options


def test_every_dependency_has_its_reason() -> None:
    """ADR 0003 lists the dependencies of pyproject.toml, in order, and no other."""
    declared = tomllib.loads(text("pyproject.toml"))["project"]["dependencies"]
    names = [re.split(r"[<>=\[;~! ]", line)[0] for line in declared]
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (\S.+) \|$", text("docs/adr/0003-dependencies.md"), flags=re.MULTILINE)
    assert [name for name, _ in rows if name != "package"] == names
