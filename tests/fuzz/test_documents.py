"""Files that people write: a value, or every problem with its line; never a traceback, and in bounded time."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.kit.quality import QualityInvalid, parse_quality
from orchestrator.config.load import loads
from orchestrator.config.schema import Vocabulary
from orchestrator.errors import ConfigurationInvalid, SettingsInvalid
from orchestrator.settings import PREFIX, Settings, read_settings
from rubrics.document import DocumentInvalid, convert, decode, parse
from rubrics.lint import lint
from rubrics.schema import Rubric
from rubrics.schema_json import rubric_schema
from tests.fuzz.chance import TEXT, texts

LIBRARY = Path(str(files("rubrics"))) / "library"
RUBRIC = (LIBRARY / "sales" / "sdr-first-interview.yaml").read_text("utf-8")[:6_000]
CONFIGURATION = files("orchestrator.demo").joinpath("evenhand.yaml").read_text("utf-8")
VOCABULARY = Vocabulary(adapters=("sandbox",), rubrics=("sales/sdr-first-interview",))
QUALITY = files("adapters.sandbox").joinpath("quality.yaml").read_text("utf-8")
BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 8)}]\n" for n in range(9)
)
YAML = ("a: &x [*x]\n", "? [1]\n: 2\n", "<<: *a\n", "a: !!python/name:os.system\n", "- - - -\n", "a: |\n\t b\n", BOMB)


@settings(max_examples=60)
@given(texts(RUBRIC, *YAML))
def test_rubrics(text: str) -> None:
    """A rubric, or DocumentInvalid with at least one problem; a rubric can be linted."""
    try:
        document = parse(text, file="rubric.yaml")
        rubric = convert(document, type=Rubric, schema=rubric_schema())
    except DocumentInvalid as error:
        problems: Sequence[object] = error.problems
    else:
        problems = [lint(rubric, document)]
    assert problems


@settings(max_examples=60)
@given(texts(CONFIGURATION, *YAML))
def test_configurations(text: str) -> None:
    """A configuration, or ConfigurationInvalid with at least one problem."""
    try:
        told: Sequence[object] = [loads(text, file="evenhand.yaml", vocabulary=VOCABULARY)]
    except ConfigurationInvalid as error:
        told = error.problems
    assert told


@settings(max_examples=60)
@given(texts(QUALITY, *YAML))
def test_quality_files(text: str) -> None:
    """Grades for every rule, or QualityInvalid."""
    try:
        told: object = parse_quality(text, source="quality.yaml")
    except QualityInvalid as error:
        told = str(error).partition("quality.yaml")[1]
    assert told


@pytest.mark.parametrize("text", YAML)
def test_hostile_yaml(text: str) -> None:
    """Aliases that multiply or bite their own tail, tags and odd keys are problems with a line."""
    with pytest.raises(DocumentInvalid) as caught:
        decode(text, file="x.yaml", type=Rubric, schema=rubric_schema())
    assert all(problem.line >= 1 for problem in caught.value.problems)


@given(st.dictionaries(st.sampled_from([f"{PREFIX}{name.upper()}" for name in Settings.__struct_fields__]), TEXT))
def test_settings(environ: dict[str, str]) -> None:
    """Settings, or SettingsInvalid that repeats no value."""
    required = {"DATABASE_URL": "sqlite://", "CONFIG": "x", "BASE_URL": "http://a.example", "SECRET_KEY": "k" * 32}
    given_ = {f"{PREFIX}{name}": value for name, value in required.items()} | environ
    try:
        read_settings(given_)
        told = ""
    except SettingsInvalid as error:
        told = str(error)
    assert not [value for value in environ.values() if len(value) > 20 and value in told]
