"""YAML text to plain values with positions: what is read, and what a person sees when it cannot be read."""

import pytest

from rubrics.document import Document, DocumentInvalid, JsonValue, near_match, parse

TEXT = """\
name: North
programs:
  - stage: applied
    weight: 1.5
    notes: >-
      two
      lines
  - {stage: offer, open: true}
"""


def messages(text: str) -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        parse(text, file="evenhand.yaml")
    assert str(caught.value) == "\n".join(str(problem) for problem in caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def document() -> Document:
    return parse(TEXT, file="evenhand.yaml")


def test_values_are_plain(document: Document) -> None:
    """A document gives JSON-shaped values."""
    assert document.data == {
        "name": "North",
        "programs": [
            {"stage": "applied", "weight": 1.5, "notes": "two lines"},
            {"stage": "offer", "open": True},
        ],
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), (1, 1)),
        (("name",), (1, 7)),
        (("programs",), (2, 1)),
        (("programs", 0), (3, 5)),
        (("programs", 0, "stage"), (3, 12)),
        (("programs", 0, "notes"), (5, 12)),
        (("programs", 1, "open"), (8, 26)),
        (("programs", 1, "share"), (8, 5)),
        (("programs", 9, "stage"), (2, 1)),
    ],
)
def test_position_of_a_value(document: Document, path: tuple[str | int, ...], expected: tuple[int, int]) -> None:
    """A value is found where it is written; a missing one at its closest ancestor."""
    assert document.position(path) == expected


def test_position_of_a_key(document: Document) -> None:
    """A key is found where it is written; an item of a list, which has none, at its start."""
    assert document.key_position(("programs", 0, "weight")) == (4, 5)
    assert document.key_position(("programs", 0)) == (3, 5)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("22:30", "22:30"),
        ("2024-05-01", "2024-05-01"),
        ("007", "007"),
        ("0x1F", "0x1F"),
        (".inf", ".inf"),
        ("1_000", "1_000"),
        ("9" * 30, "9" * 30),
        ("'5'", "5"),
        ("5", 5),
        ("-3", -3),
        ("+4", 4),
        ("1.5", 1.5),
        (".5", 0.5),
        ("2e3", 2000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_only_the_core_types_are_read(written: str, value: JsonValue) -> None:
    """Words and times that YAML 1.1 would turn into something else stay text."""
    found = parse(f"key: {written}", file="x.yaml").data["key"]
    assert found == value
    assert type(found) is type(value)


def test_an_alias_repeats_a_value() -> None:
    """A few aliases are fine; each use has its own path."""
    document = parse("one: &one {a: 1}\ntwo: *one\n", file="x.yaml")
    assert document.data == {"one": {"a": 1}, "two": {"a": 1}}
    assert document.position(("two", "a")) == (1, 15)


def test_syntax_error_names_the_line() -> None:
    """Broken YAML is a problem with its line, not a traceback."""
    assert messages("a: 1\nb: [1, 2\nc: 3\n") == [
        "evenhand.yaml:3:2: not valid YAML: while parsing a flow sequence, expected ',' or ']', but got ':'"
    ]


def test_every_doubled_key_is_told() -> None:
    """A key given twice is told with both lines, wherever it stands."""
    assert messages("a: 1\nb: {c: 1, c: 2}\na: 3\n") == [
        "evenhand.yaml:2:11: b.c: the key 'c' is given twice (first on line 2)",
        "evenhand.yaml:3:1: a: the key 'a' is given twice (first on line 1)",
    ]


def test_a_key_must_be_a_word() -> None:
    """A list as a key is told, and reading goes on."""
    assert messages("b:\n  ? [1]\n  : 2\n") == ["evenhand.yaml:2:5: b: a key must be a word"]


@pytest.mark.parametrize(("text", "line"), [("", 1), ("# only a comment\n", 1), ("\n- a\n- b\n", 2), ("word", 1)])
def test_the_top_level_is_a_mapping(text: str, line: int) -> None:
    """Nothing, a list or a word alone is not a document."""
    assert messages(text) == [f"evenhand.yaml:{line}:1: the top level must be a mapping (key: value)"]


def test_two_documents_are_refused() -> None:
    """One file holds one document."""
    [message] = messages("a: 1\n---\nb: 2\n")
    assert message.startswith("evenhand.yaml:2:1: not valid YAML: expected a single document")


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!secret", "!!int"])
def test_tags_are_refused(tag: str) -> None:
    """No tag is honoured, least of all one that builds objects."""
    [message] = messages(f"a: {tag} 1\n")
    assert message.startswith("evenhand.yaml:1:4: not valid YAML: the tag ")
    assert message.endswith(" is not used here")


def test_an_unknown_alias_is_a_problem() -> None:
    """An alias needs its anchor."""
    assert messages("a: *nowhere\n") == ["evenhand.yaml:1:4: not valid YAML: found undefined alias 'nowhere'"]


def test_deep_nesting_is_refused() -> None:
    """Ten thousand brackets do not exhaust the stack."""
    assert messages("a: " + "[" * 10_000) == ["evenhand.yaml:1:43: not valid YAML: nested deeper than 40 levels"]


def test_an_alias_bomb_is_refused() -> None:
    """Nine lines that would become a billion values are refused early."""
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
    [message] = messages("\n".join(lines))
    assert "aliases make this file too large (over 50,000 values or 40 levels)" in message


def test_an_endless_alias_is_refused() -> None:
    """An anchor that contains itself ends."""
    [message] = messages("a: &a {b: *a}")
    assert message.startswith("evenhand.yaml:1:4: a.b.b: aliases make this file too large")


def test_a_huge_file_is_refused() -> None:
    """A file beyond any use is refused before it is read."""
    assert messages("a" * 1_000_001) == ["evenhand.yaml:1:1: the file is longer than 1,000,000 characters"]


def test_a_control_character_is_a_problem() -> None:
    """Characters that no text file holds are told with their line."""
    assert messages("a: 1\nb: \x01\n") == [
        "evenhand.yaml:2:1: not valid YAML: a character that text files do not contain"
    ]


def test_a_problem_says_what_is_allowed(document: Document) -> None:
    """Checks beyond the schema point at the document in the same words."""
    problem = document.problem(("programs", 0, "stage"), "'aplied' is not a stage", allowed=["applied"], near="applied")
    assert str(problem) == (
        "evenhand.yaml:3:12: programs[0].stage: 'aplied' is not a stage; did you mean 'applied'? allowed: applied"
    )
    bare = document.problem(("programs", 0, "stage"), "is odd", at_key=True, near="even")
    assert str(bare) == "evenhand.yaml:3:5: programs[0].stage: is odd; did you mean 'even'?"


@pytest.mark.parametrize(
    ("word", "near"), [("first_intervew", "first_interview"), ("First Interview", "first_interview"), ("zebra", None)]
)
def test_near_match(word: str, near: str | None) -> None:
    """A slip of the finger finds its word; something else finds nothing."""
    assert near_match(word, ["applied", "first_interview", "offer"]) == near
