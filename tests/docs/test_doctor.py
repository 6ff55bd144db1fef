"""The doctor's pages say what the code has: ``python -m tests.docs.test_doctor`` writes the schema anew."""

import json
import re

from orchestrator.domain.findings import USUAL, report_schema
from tests.docs.pages import ROOT, text

PAGE = "docs/how-to/run-the-doctor.md"
SCHEMA = ROOT / "docs" / "reference" / "doctor.schema.json"


def schema_text() -> str:
    """The schema as it stands in the documentation."""
    return json.dumps(report_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_every_code_is_explained() -> None:
    """Every code with the severity that it usually has, and no other."""
    rows = re.findall(r"^\| `([a-z_]+)` \| (error|warning|info)\*? \| \S.+ \|$", text(PAGE), flags=re.MULTILINE)
    assert dict(rows) == {code.value: severity.value for code, severity in USUAL.items()}
    assert len(rows) == len(USUAL)


def test_the_schema_is_the_one_of_the_code() -> None:
    """What machines read has its shape in the documentation."""
    assert SCHEMA.read_text("utf-8") == schema_text()


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), "utf-8")
