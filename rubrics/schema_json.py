"""The JSON Schema of a rubric, generated from the structs; `rubrics/schema.json` is its copy for editors.

Write the copy anew with `python -m rubrics.schema_json > rubrics/schema.json`.
"""

import functools
import json
import sys
from typing import Any

import msgspec

from rubrics.schema import Rubric


@functools.cache
def rubric_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one rubric file. Shared: callers must not change it."""
    schema = msgspec.json.schema(Rubric)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Evenhand rubric", **schema}


def schema_text() -> str:
    """Text of `rubrics/schema.json`, ending with a newline."""
    return json.dumps(rubric_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
