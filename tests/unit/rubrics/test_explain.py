"""What a person sees when a file does not fit its schema. The structs here stand for any file, not for a rubric."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from rubrics.document import DocumentInvalid, check_schema, decode, parse


class StageKind(StrEnum):
    APPLIED = "applied"
    FIRST_INTERVIEW = "first_interview"


class Action(StrEnum):
    HOLD = "hold"


class Enter(Struct, tag="enter", tag_field="on", forbid_unknown_fields=True):
    stage: StageKind


class Leave(Struct, tag="leave", tag_field="on", forbid_unknown_fields=True):
    after_days: Annotated[int, Meta(ge=1, le=30)]


class Quiet(Struct, forbid_unknown_fields=True):
    start: Annotated[str, Meta(pattern=r"^\d\d:\d\d$", description="a time of day such as 21:30")]
    end: Annotated[str, Meta(pattern=r"^\d\d:\d\d$")]


class Program(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=2, max_length=10)]
    trigger: Enter | Leave
    share: Annotated[float, Meta(gt=0, lt=2)] = 1.0
    quiet: Quiet | None = None
    cap: Annotated[int, Meta(multiple_of=5)] | Literal["none"] | None = None
    action: Action = Action.HOLD
    mode: Literal["live", "dry"] = "live"
    fields: dict[Annotated[str, Meta(pattern="^[a-z]+$")], int] = {}
    starts: msgspec.UnsetType | str = msgspec.UNSET


class Settings(Struct, forbid_unknown_fields=True):
    programs: Annotated[list[Program], Meta(min_length=1, max_length=3)]


SCHEMA = msgspec.json.schema(Settings)
GOOD = """\
programs:
  - name: support
    trigger: {on: enter, stage: applied}
"""


def told(text: str) -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        decode(text, file="evenhand.yaml", type=Settings, schema=SCHEMA)
    return [str(problem) for problem in caught.value.problems]


def test_a_good_file_becomes_a_value() -> None:
    """What fits the schema is converted."""
    assert decode(GOOD, file="evenhand.yaml", type=Settings, schema=SCHEMA) == Settings(
        programs=[Program(name="support", trigger=Enter(stage=StageKind.APPLIED))]
    )
    assert check_schema(parse(GOOD, file="evenhand.yaml"), SCHEMA) == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("share: high", "4:12: programs[0].share: must be a number, not text"),
        ("share: 0", "4:12: programs[0].share: must be more than 0"),
        ("share: 2", "4:12: programs[0].share: must be less than 2"),
        ("share: [1]", "4:5: programs[0].share: must be a number, not a list"),
        ("share: {a: 1}", "4:5: programs[0].share: must be a number, not a mapping"),
        ("share: true", "4:12: programs[0].share: must be a number, not true or false"),
        ("share:", "4:11: programs[0].share: must be a number, not empty"),
        ("quiet: 7", "4:12: programs[0].quiet: must be a mapping or empty, not a number"),
        ("quiet: {start: '21:00'}", "4:5: programs[0].quiet.end: is missing"),
        (
            "quiet: {start: 9pm, end: '07:00'}",
            r"4:20: programs[0].quiet.start: must be a time of day such as 21:30 (the pattern ^\d\d:\d\d$)",
        ),
        (
            "quiet: {start: '21:00', end: 7am}",
            r"4:34: programs[0].quiet.end: must match the pattern ^\d\d:\d\d$",
        ),
        ("cap: 7", "4:10: programs[0].cap: must be a multiple of 5"),
        (
            "cap: non",
            "4:10: programs[0].cap: 'non' is not allowed here; did you mean 'none'? allowed: none",
        ),
        (
            "action: hold on a very long while, longer than anybody would ever want to read",
            "4:13: programs[0].action: this value is not an action; allowed: hold",
        ),
        (
            "mode: someone@example.org",
            "4:11: programs[0].mode: this value is not allowed here; allowed: dry, live",
        ),
        ("mode: 5", "4:11: programs[0].mode: '5' is not allowed here; allowed: dry, live"),
        ("mode: [dry]", "4:5: programs[0].mode: this value is not allowed here; allowed: dry, live"),
        ("fields: {Name: 1}", "4:14: programs[0].fields.Name: must match the pattern ^[a-z]+$"),
        (
            "shere: 1",
            (
                "4:5: programs[0].shere: is not a key here; did you mean 'share'?"
                " allowed: action, cap, fields, mode, name, quiet, share, starts, trigger"
            ),
        ),
    ],
)
def test_each_error_in_plain_words(line: str, message: str) -> None:
    """An error names line, field and what would be right, and repeats no long or private value."""
    assert told(f"{GOOD}    {line}\n") == [f"evenhand.yaml:{message}"]


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        (
            "{on: enter, stage: first_intervew}",
            (
                "3:33: programs[0].trigger.stage: 'first_intervew' is not a stage kind; did you mean 'first_interview'?"
                " allowed: applied, first_interview"
            ),
        ),
        ("{on: leave, after_days: 99}", "3:38: programs[0].trigger.after_days: must be at most 30"),
        ("{on: leave, after_days: 0}", "3:38: programs[0].trigger.after_days: must be at least 1"),
        ("{on: leave}", "3:5: programs[0].trigger.after_days: is missing"),
        ("{stage: applied}", "3:5: programs[0].trigger.on: is missing; allowed: enter, leave"),
        (
            "{on: entr, stage: applied}",
            "3:19: programs[0].trigger.on: 'entr' is not allowed here; did you mean 'enter'? allowed: enter, leave",
        ),
        ("{on: [x]}", "3:15: programs[0].trigger.on: this value is not allowed here; allowed: enter, leave"),
        ("always", "3:14: programs[0].trigger: must be a mapping, not text"),
    ],
)
def test_unions_are_explained_by_the_option_that_was_meant(trigger: str, message: str) -> None:
    """A union never prints all its options' complaints, only those of the one that was written."""
    assert told(GOOD.replace("{on: enter, stage: applied}", trigger)) == [f"evenhand.yaml:{message}"]


def test_every_error_is_told_in_the_order_of_the_file() -> None:
    """One look at the output is enough to mend the file."""
    text = """\
programs:
  - name: s
    trigger: {on: enter, stage: apply}
    sahre: 1
  - trigger: {on: leave, after_days: few}
    name: a name that is too long
extra: 1
"""
    assert told(text) == [
        "evenhand.yaml:2:11: programs[0].name: must have at least 2 characters",
        (
            "evenhand.yaml:3:33: programs[0].trigger.stage: 'apply' is not a stage kind; did you mean 'applied'?"
            " allowed: applied, first_interview"
        ),
        (
            "evenhand.yaml:4:5: programs[0].sahre: is not a key here; did you mean 'share'?"
            " allowed: action, cap, fields, mode, name, quiet, share, starts, trigger"
        ),
        "evenhand.yaml:5:38: programs[1].trigger.after_days: must be a whole number, not text",
        "evenhand.yaml:6:11: programs[1].name: must have at most 10 characters",
        "evenhand.yaml:7:1: extra: is not a key here; allowed: programs",
    ]


def test_lists_have_bounds() -> None:
    """Too few entries are told at the key of the list."""
    assert told("programs: []\n") == ["evenhand.yaml:1:1: programs: must have at least 1 entries"]


def test_an_unforeseen_keyword_is_still_told() -> None:
    """A schema from elsewhere may use a keyword that has no words of its own here."""
    document = parse("a: [1, 1]\n", file="x.yaml")
    schema = {"properties": {"a": {"uniqueItems": True}}}
    assert [str(problem) for problem in check_schema(document, schema)] == [
        "x.yaml:1:1: a: must satisfy uniqueItems True"
    ]


class Window(Struct):
    first: int
    last: int

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("the last day is before the first")


class Calendar(Struct):
    windows: list[Window]
    named: dict[str, Window] = {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "windows:\n  - {first: 1, last: 2}\n  - {first: 5, last: 2}\n",
            "c.yaml:3:5: windows[1]: the last day is before the first",
        ),
        (
            "windows: []\nnamed:\n  spring: {first: 5, last: 2}\n",
            "c.yaml:2:1: named: the last day is before the first",
        ),
    ],
)
def test_what_a_schema_cannot_say_is_told_with_its_line(text: str, message: str) -> None:
    """A check inside a struct points at the file, too."""
    with pytest.raises(DocumentInvalid) as caught:
        decode(text, file="c.yaml", type=Calendar, schema=msgspec.json.schema(Calendar))
    assert str(caught.value) == message
