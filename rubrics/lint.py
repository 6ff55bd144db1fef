"""The rubric linter: runs every rule over a rubric and says where in the file each is broken. Pure."""

from rubrics.document import Document, field_name
from rubrics.finding import Finding as Finding
from rubrics.finding import Rule
from rubrics.finding import Severity as Severity
from rubrics.schema import Rubric
from rubrics.structure import STRUCTURE_RULES
from rubrics.wording import WORDING_RULES

RULES: tuple[Rule, ...] = (*STRUCTURE_RULES, *WORDING_RULES)


def lint(rubric: Rubric, document: Document) -> tuple[Finding, ...]:
    """List every finding in the order of the file; empty when the rubric is clean."""
    findings: list[Finding] = []
    for rule in RULES:
        for hit in rule.check(rubric):
            line, column = document.position(hit.path)
            findings.append(
                Finding(
                    file=document.file,
                    line=line,
                    column=column,
                    field=field_name(hit.path),
                    code=rule.code,
                    severity=rule.severity,
                    message=hit.message,
                    reason=rule.reason,
                )
            )
    return tuple(sorted(findings, key=lambda finding: (finding.line, finding.column)))
