"""The JSON Schema for editors is what the loader checks with."""

import json
import runpy
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from orchestrator.config import schema as module
from orchestrator.config.schema import configuration_schema, schema_text

COPY = Path(__file__).parents[3] / "docs" / "reference" / "evenhand.schema.json"


def test_the_copy_is_in_step_with_the_code() -> None:
    """Write it anew with `python -m orchestrator.config.schema > docs/reference/evenhand.schema.json`."""
    assert COPY.read_text(encoding="utf-8") == schema_text()


def test_the_module_prints_the_copy(capsys: pytest.CaptureFixture[str]) -> None:
    """Run as a program, the module writes the schema and nothing else."""
    runpy.run_path(str(module.__file__), run_name="__main__")
    assert capsys.readouterr().out == schema_text()


def test_it_is_a_schema_that_refuses_unknown_keys() -> None:
    """Valid JSON Schema of the named draft, and no mapping of ours takes a key that it does not know."""
    Draft202012Validator.check_schema(configuration_schema())
    assert json.loads(schema_text())["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    for name, definition in configuration_schema()["$defs"].items():
        assert definition.get("additionalProperties") is False or "enum" in definition, name
