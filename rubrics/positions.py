"""YAML text as plain values that remember where they were written, and problems that can say so.

Only the JSON-shaped core of YAML is read: `no` and `22:30` stay text, tags are refused, aliases and depth are bounded.
A document comes from a person's editor, so whatever is wrong with it is a `Problem` with a line, never a traceback.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import yaml
from msgspec import Struct
from rapidfuzz import fuzz, process, utils
from typing_extensions import override

JsonValue: TypeAlias = bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"] | None
Path: TypeAlias = tuple[str | int, ...]
Position: TypeAlias = tuple[int, int]

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 40
MAX_VALUES = 50_000
NEAR_ENOUGH = 65.0

_YAML = "tag:yaml.org,2002:"
_CORE = (
    ("null", re.compile(r"^(?:~|null|Null|NULL|)$"), ("~", "n", "N", "")),
    ("bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), tuple("tTfF")),
    ("int", re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})$"), tuple("-+0123456789")),
    (
        "float",
        re.compile(r"^[-+]?(?=[0-9]*[.eE])(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?$"),
        tuple("-+.0123456789"),
    ),
)


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong in a file: where (1-based line and column), in which field, and what would be right."""

    file: str
    line: int
    column: int
    field: str
    message: str
    allowed: tuple[str, ...] = ()
    near: str | None = None

    @override
    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        subject = f"{self.field}: " if self.field else ""
        hint = f"; did you mean '{self.near}'?" if self.near else ""
        if not self.allowed:
            return f"{where}{subject}{self.message}{hint}"
        return f"{where}{subject}{self.message}{hint or ';'} allowed: {', '.join(self.allowed)}"


class DocumentInvalid(Exception):
    """One or more files cannot be used. Carries every problem found, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Document(Struct, frozen=True, kw_only=True):
    """A parsed file: its plain values, and where each of them stands."""

    file: str
    data: dict[str, JsonValue]
    values: Mapping[Path, Position]
    keys: Mapping[Path, Position]

    def position(self, path: Path) -> Position:
        """Line and column (1-based) of the value at `path`, or of its closest ancestor that was written down."""
        return _closest(self.values, path)

    def key_position(self, path: Path) -> Position:
        """Line and column (1-based) of the key that leads to `path`, or of its closest ancestor."""
        return self.keys.get(path) or self.position(path)

    def problem(
        self, path: Path, message: str, *, allowed: Sequence[str] = (), near: str | None = None, at_key: bool = False
    ) -> Problem:
        """Make a problem that points at `path`; for checks that a schema cannot express."""
        line, column = self.key_position(path) if at_key else self.position(path)
        return Problem(
            file=self.file,
            line=line,
            column=column,
            field=field_name(path),
            message=message,
            allowed=tuple(allowed),
            near=near,
        )


def _closest(positions: Mapping[Path, Position], path: Path) -> Position:
    while path and path not in positions:
        path = path[:-1]
    return positions.get(path, (1, 1))


def field_name(path: Path) -> str:
    """Write a path the way people say it: ("programs", 0, "stage") is `programs[0].stage`."""
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name


def near_match(word: str, choices: Sequence[str]) -> str | None:
    """Find the choice that `word` was most likely meant to be, or None when nothing is close."""
    best = process.extractOne(
        word, choices, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=NEAR_ENOUGH
    )
    return best[0] if best else None


def parse(text: str, *, file: str) -> Document:
    """Read YAML text whose top level is a mapping; raises DocumentInvalid with every problem of the syntax."""
    if len(text) > MAX_CHARACTERS:
        raise DocumentInvalid([_at(file, None, f"the file is longer than {MAX_CHARACTERS:,} characters")])
    try:
        node = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        reason = ", ".join(part for part in (error.context, error.problem) if part)
        raise DocumentInvalid(
            [_at(file, error.problem_mark or error.context_mark, f"not valid YAML: {reason}")]
        ) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = "not valid YAML: a character that text files do not contain"
        raise DocumentInvalid([Problem(file=file, line=line, column=1, field="", message=message)]) from error
    if not isinstance(node, yaml.MappingNode):
        raise DocumentInvalid(
            [_at(file, node.start_mark if node else None, "the top level must be a mapping (key: value)")]
        )
    return _Reading(file).document(node)


def _at(file: str, mark: yaml.Mark | None, message: str, path: Path = ()) -> Problem:
    line, column = _position(mark) if mark else (1, 1)
    return Problem(file=file, line=line, column=column, field=field_name(path), message=message)


def _position(mark: yaml.Mark) -> Position:
    return mark.line + 1, mark.column + 1


class _Loader(yaml.SafeLoader):
    """PyYAML's safe composer with the core types of YAML 1.2, no tags and a bounded depth."""

    depth = 0

    @override
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = cast("yaml.NodeEvent", self.peek_event())  # type: ignore[no-untyped-call] # pyright: ignore[reportUnknownMemberType] the stub of the parser has no types
        tag, mark = getattr(event, "tag", None), cast("yaml.Mark | None", event.start_mark)
        if tag is not None:
            raise yaml.MarkedYAMLError(problem=f"the tag {tag} is not used here", problem_mark=mark)
        if self.depth >= MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


# Replaces what the loader would inherit: YAML 1.1 reads `no` as false and 22:30 as a number.
_Loader.yaml_implicit_resolvers = {
    first: [(_YAML + name, pattern) for name, pattern, firsts in _CORE if first in firsts]
    for first in sorted({first for _, _, firsts in _CORE for first in firsts})
}


class _Reading:
    """Turns one node tree into plain values, collecting positions and problems on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.values: dict[Path, Position] = {}
        self.keys: dict[Path, Position] = {}
        self.problems: list[Problem] = []

    def document(self, node: yaml.MappingNode) -> Document:
        self.values[()] = _position(node.start_mark)
        data = self._mapping(node, ())
        if self.problems:
            raise DocumentInvalid(self.problems)
        return Document(file=self.file, data=data, values=self.values, keys=self.keys)

    def _value(self, node: yaml.Node, path: Path) -> JsonValue:
        if len(self.values) > MAX_VALUES or len(path) > MAX_DEPTH:
            message = f"aliases make this file too large (over {MAX_VALUES:,} values or {MAX_DEPTH} levels)"
            raise DocumentInvalid([_at(self.file, node.start_mark, message, path[:3])])
        if isinstance(node, yaml.ScalarNode):
            self.values[path] = _position(node.start_mark)
            return _scalar(node)
        # A collection is found by the line that names it; only an item of a list has nothing but its own start.
        self.values[path] = self.keys.get(path) or _position(node.start_mark)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return [self._value(item, (*path, number)) for number, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, JsonValue]:
        mapping: dict[str, JsonValue] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(_at(self.file, key_node.start_mark, "a key must be a word", path))
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key in mapping:
                first = self.keys[here][0]
                message = f"the key '{key}' is given twice (first on line {first})"
                self.problems.append(_at(self.file, key_node.start_mark, message, here))
                continue
            self.keys[here] = _position(key_node.start_mark)
            mapping[key] = self._value(value_node, here)
        return mapping


def _scalar(node: yaml.ScalarNode) -> JsonValue:
    text = str(node.value)
    match node.tag.removeprefix(_YAML):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text)
        case "float":
            return float(text)
        case _:
            return text
