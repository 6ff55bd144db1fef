"""evenhand.yaml: every problem at once, each with its line, field, what is allowed and a near match."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

import orchestrator
from orchestrator.config.load import load, loads
from orchestrator.config.schema import Configuration, Vocabulary
from orchestrator.domain.program import NOT_YET_SUPPORTED, ReviewMode
from orchestrator.errors import ConfigurationInvalid
from rubrics.document import Problem

ROOT = Path(__file__).parents[3]
DEMO = Path(orchestrator.__file__ or "").parent / "demo" / "evenhand.yaml"
VOCABULARY = Vocabulary(adapters=("sandbox",), rubrics=("bakery/first-interview",))
GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationInvalid) as caught:
        loads(text, file="evenhand.yaml", vocabulary=VOCABULARY)
    found = caught.value.problems
    assert all(isinstance(problem, Problem) and problem.file == "evenhand.yaml" for problem in found)
    assert str(caught.value) == "\n".join(map(str, found))
    return tuple(problem for problem in found if isinstance(problem, Problem))


def changed(old: str, new: str) -> tuple[str, int]:
    """The good file with the first `old` replaced, and the 1-based line of the last line of `new`."""
    before, found, after = GOOD.partition(old)
    assert found, f"good.yaml does not contain {old!r}"
    return before + new + after, (before + new).count("\n") + 1


def test_a_good_file_loads() -> None:
    """What is written is what is read, with the careful defaults for the rest."""
    read = loads(GOOD, file="evenhand.yaml", vocabulary=VOCABULARY)
    assert isinstance(read, Configuration)
    (program,) = read.programs
    assert (program.key, program.rubric, program.when.role_families) == (
        "bakery-pilot",
        "bakery/first-interview",
        ("bakery",),
    )
    assert program.review.mode is ReviewMode.ALWAYS
    assert read.connection("north").fields.field_keys() == ("f_completion", "f_band")
    assert read.retention.transcripts == 365
    with pytest.raises(KeyError):
        read.connection("south")


MISTAKES = [
    # old, new, field, words of the message, allowed contains, near match
    ("company:", "compani: 1\ncompany:", "compani", "is not a key here", "company", "company"),
    ("name: Bakery North", "name: ''", "company.name", "at least 1 characters", None, None),
    ("hiring@bakery.example", "nobody", "company.contact_email", "an e-mail address", None, None),
    (
        "adapter: sandbox",
        "adapter: sandbix",
        "connections[0].adapter",
        "not an ATS we connect to",
        "sandbox",
        "sandbox",
    ),
    ("base_url: http://", "base_url: ftp://", "connections[0].base_url", "http:// or https://", None, None),
    (
        "{env: NORTH_KEY}",
        "{env: north-key}",
        "connections[0].credentials.api_key.env",
        "environment variable",
        None,
        None,
    ),
    ("{env: NORTH_KEY}", "{}", "connections[0].credentials.api_key", "say where it is", None, None),
    (
        "{env: NORTH_KEY}",
        "{env: NORTH_KEY, stored: true}",
        "connections[0].credentials.api_key",
        "and not both",
        None,
        None,
    ),
    ("{env: NORTH_KEY}", "sk-123", "connections[0].credentials.api_key", "must be a mapping", None, None),
    ("poll_minutes: 5", "poll_minutes: 0", "connections[0].poll_minutes", "at least 1", None, None),
    ("poll_minutes: 5", "poll_minutes: soon", "connections[0].poll_minutes", "a whole number", None, None),
    ("kind: applied}", "kind: aplied}", "connections[0].stages[0].kind", "is not a stage kind", "applied", "applied"),
    ("stage: Offer", "stage: ' APPLIED '", "connections[0].stages[2].stage", "is mapped twice", None, None),
    (
        "connection: north",
        "connection: nord",
        "programs[0].connection",
        "not a connection of this file",
        "north",
        "north",
    ),
    (
        "rubric: bakery/first-interview",
        "rubric: bakery/first-intervew",
        "programs[0].rubric",
        "not a rubric we have",
        "bakery/first-interview",
        "bakery/first-interview",
    ),
    (
        "role_families: [bakery]",
        "role_families: [bakry]",
        "programs[0].when.role_families[0]",
        "not a role family of this file",
        "bakery",
        "bakery",
    ),
    ("stage: first_interview", "stage: rejected", "programs[0].when.stage", "no interview can start", None, None),
    ("share: 0.5", "share: 1.5", "programs[0].share", "at most 1", None, None),
    ("share: 0.5", "share: 0.5\n    delay: 4", "programs[0].delay", "not yet supported", None, None),
    (
        "share: 0.5",
        "share: 0.5\n    quiet_hours: {start: '22:00', end: '07:00'}",
        "programs[0].quiet_hours",
        "not yet supported",
        None,
        None,
    ),
    (
        "share: 0.5",
        "share: 0.5\n    notice: {business_days: 10}",
        "programs[0].notice",
        "not yet supported",
        None,
        None,
    ),
    ("version: 1\ncompany", "version: 2\ncompany", "version", "at most 1", None, None),
]


@pytest.mark.parametrize(
    ("old", "new", "field", "words", "allowed", "near"), MISTAKES, ids=lambda value: str(value)[:30]
)
def test_each_mistake_is_named_where_it_stands(
    old: str, new: str, field: str, words: str, allowed: str | None, near: str | None
) -> None:
    """One mistake, one problem: line, field, what is wrong, and what was meant where that can be guessed."""
    text, line = changed(old, new)
    if field in {"compani", "version"}:
        line -= 1  # the mistake stands on the line before the last one of the replacement
    (problem,) = problems(text)
    assert (problem.field, problem.line) == (field, line)
    assert words in problem.message
    assert problem.near == near
    assert (allowed in problem.allowed) if allowed else not problem.allowed
    assert str(problem).startswith(f"evenhand.yaml:{line}:")


def test_one_field_for_two_parts_of_a_result() -> None:
    """The mapping is named, and the field that two parts would fight over."""
    (problem,) = problems(GOOD.replace("band: f_band", "band: f_completion"))
    assert (problem.field, problem.line) == ("connections[0].fields", 18)
    assert "'f_completion'" in problem.message


FIELDS = """      completion: f_completion
      band: f_band
"""


@pytest.mark.parametrize(
    ("fields", "fieldless", "noteless", "words"),
    [
        ("      band: f_band\n", False, False, "`completion` and `band` must each have a field"),
        ("      note: private\n", False, False, "`completion` and `band` must each have a field"),
        ("      note: private\n", True, False, None),
        ("      {}\n", True, False, "or `note` must be set"),
        (FIELDS, True, False, "has no custom fields"),
        (FIELDS + "      note: team\n", False, True, "has no notes"),
        (FIELDS + "      note: team\n", False, False, None),
        (FIELDS + "      note: private\n", False, True, "has no notes"),
    ],
)
def test_a_result_has_somewhere_to_go(*, fields: str, fieldless: bool, noteless: bool, words: str | None) -> None:
    """Fields where the ATS has them, notes where it has none; anything else is named before the first interview."""
    known = replace(
        VOCABULARY,
        without_fields=frozenset({"sandbox"} if fieldless else ()),
        without_notes=frozenset({"sandbox"} if noteless else ()),
    )
    assert FIELDS in GOOD
    text = GOOD.replace(FIELDS, fields)
    if words is None:
        assert loads(text, file="evenhand.yaml", vocabulary=known).connections
        return
    with pytest.raises(ConfigurationInvalid, match=re.escape(words)) as caught:
        loads(text, file="evenhand.yaml", vocabulary=known)
    (problem,) = caught.value.problems
    assert isinstance(problem, Problem)
    assert problem.field == "connections[0].fields"


def test_a_private_note_needs_an_ats_that_has_them() -> None:
    """Otherwise each note would be refused, long after somebody wrote the file."""
    known = replace(VOCABULARY, without_private_notes=frozenset({"sandbox"}))
    with pytest.raises(ConfigurationInvalid, match="has no private notes"):
        loads(GOOD.replace(FIELDS, FIELDS + "      note: private\n"), file="evenhand.yaml", vocabulary=known)
    loads(GOOD.replace(FIELDS, FIELDS + "      note: team\n"), file="evenhand.yaml", vocabulary=known)


def test_every_option_that_does_not_work_yet_has_its_case() -> None:
    """The table above refuses all of them."""
    assert {f"programs[0].{option}" for option in NOT_YET_SUPPORTED} <= {row[2] for row in MISTAKES}


@pytest.mark.parametrize("section", ["connections", "programs", "role_families"])
def test_a_key_that_is_used_twice(section: str) -> None:
    """Two connections, programs or families of one name: the second one is named."""
    head, start, rest = GOOD.partition(f"\n{section}:\n")
    block = rest.partition("\n\n")[0]
    text = head + start + block + "\n" + rest
    line = (head + start + block).count("\n") + 2
    assert [(p.field, p.line) for p in problems(text) if "used twice" in p.message] == [(f"{section}[1].key", line)]


def test_missing_sections_are_named() -> None:
    """An empty mapping is missing everything that has no default."""
    found = {problem.field for problem in problems("version: 1\n")}
    assert found == {"company", "connections", "programs", "notice"}


def test_all_mistakes_of_shape_are_listed_at_once() -> None:
    """Nobody mends a file one error at a time."""
    text = GOOD.replace("share: 0.5", "share: 5").replace("poll_minutes: 5", "poll_minutes: x")
    text = text.replace("paused: false", "pausd: false").replace("kind: offer", "kind: ofer")
    found = problems(text)
    assert {problem.field for problem in found} == {
        "connections[0].poll_minutes",
        "connections[0].stages[2].kind",
        "programs[0].share",
        "programs[0].pausd",
    }
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)


def test_all_mistakes_of_meaning_are_listed_at_once() -> None:
    """References, duplicates and endings come together, in the order of the file."""
    text = GOOD.replace("adapter: sandbox", "adapter: x").replace("connection: north", "connection: y")
    text = text.replace("rubric: bakery/first-interview", "rubric: z").replace("stage: first_interview", "stage: hired")
    text = text.replace("role_families: [bakery]", "role_families: [w]").replace("band: f_band", "band: f_completion")
    text = text.replace("share: 0.5", "delay: 1")
    found = problems(text)
    assert {problem.field for problem in found} == {
        "connections[0].adapter",
        "connections[0].fields",
        "programs[0].connection",
        "programs[0].rubric",
        "programs[0].when.stage",
        "programs[0].when.role_families[0]",
        "programs[0].delay",
    }
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)


def test_text_that_is_no_yaml() -> None:
    """A syntax error has its line too."""
    (problem,) = problems("version: 1\ncompany: {name: [\n")
    assert problem.line >= 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The path is named and the question asked."""
    with pytest.raises(ConfigurationInvalid, match="is the path right"):
        load(tmp_path / "nowhere.yaml", VOCABULARY)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    """A file in another encoding says so instead of breaking."""
    path = tmp_path / "evenhand.yaml"
    path.write_bytes(b"version: \xff\xfe")
    with pytest.raises(ConfigurationInvalid, match="not UTF-8"):
        load(path, VOCABULARY)


@pytest.mark.parametrize("path", [ROOT / "evenhand.example.yaml", DEMO], ids=lambda path: path.parent.name)
def test_the_files_we_ship_load(path: Path) -> None:
    """The example and the demo's file are in order with the rubrics of the library."""
    library = ("customer-support/first-interview", "sales/sdr-first-interview")
    read = load(path, Vocabulary(adapters=("sandbox",), rubrics=library))
    assert {program.rubric for program in read.programs} <= set(library)
