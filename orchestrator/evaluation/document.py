"""Puts figures into docs/scoring.md: ``python -m orchestrator.evaluation.document PAGE KEY=OUTCOME.json …``.

Between ``<!-- figures:KEY -->`` and ``<!-- /figures -->`` everything is replaced, and nobody types a figure in. A key of the
page that no file is given for stays as it was. What was never measured says so.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from orchestrator.evaluation.outcome import Outcome, SuiteOutcome
from orchestrator.evaluation.tables import PROPERTY_COLUMNS, property_rows, rows
from orchestrator.evaluation.verdict import GraderFacts

_BLOCK = re.compile(r"(<!-- figures:([\w-]+) -->\n).*?(<!-- /figures -->)", re.DOTALL)
_HASH = 12


def filled(page: str, outcomes: Mapping[str, Outcome | SuiteOutcome]) -> str:
    """The page with the figures of the outcomes.

    Raises:
        KeyError: an outcome is given for a key that the page does not have.
    """
    missing = sorted(set(outcomes) - {found.group(2) for found in _BLOCK.finditer(page)})
    if missing:
        raise KeyError(", ".join(missing))

    def replaced(found: re.Match[str]) -> str:
        outcome = outcomes.get(found.group(2))
        return found.group(0) if outcome is None else f"{found.group(1)}\n{markdown(outcome)}\n{found.group(3)}"

    return _BLOCK.sub(replaced, page)


def markdown(outcome: Outcome | SuiteOutcome) -> str:
    """An outcome as a line of provenance and a table, ending with a newline."""
    if isinstance(outcome, SuiteOutcome):
        return f"{_suite_words(outcome)}\n\n{_table(PROPERTY_COLUMNS, property_rows(outcome))}"
    columns = ("figure", "value", "95 % interval, or of what")
    return f"{_words(outcome)}\n\n{_table(columns, [(row.name, row.value, row.interval) for row in rows(outcome)])}"


def read_any(path: Path) -> Outcome | SuiteOutcome:
    """Read what `evenhand eval` or `evenhand eval metamorphic` wrote; raises msgspec.DecodeError for anything else."""
    content = path.read_bytes()
    if "properties" in msgspec.json.decode(content, type=dict[str, msgspec.Raw]):
        return msgspec.json.decode(content, type=SuiteOutcome)
    return msgspec.json.decode(content, type=Outcome)


def main(arguments: Sequence[str]) -> None:
    """Fill the page in place."""
    page = Path(arguments[0])
    named = [argument.partition("=") for argument in arguments[1:]]
    outcomes = {key: read_any(Path(path)) for key, _, path in named}
    page.write_text(filled(page.read_text("utf-8"), outcomes), "utf-8")


def _words(outcome: Outcome) -> str:
    said = [
        f"{outcome.n} answers to {outcome.set.questions} questions",
        *_grader_words(outcome.grader),
        f"set {outcome.set.sha256[:_HASH]}",
        f"measured {outcome.made_at[:10]}",
    ]
    return f"{', '.join(said)}."


def _suite_words(outcome: SuiteOutcome) -> str:
    said = [
        *_grader_words(outcome.grader),
        *([f"at most {outcome.sample} trials of each"] if outcome.sample else []),
        *([f"{outcome.not_recorded} trials not recorded"] if outcome.not_recorded else []),
        f"measured {outcome.made_at[:10]}",
    ]
    return f"G{', '.join(said).removeprefix('g')}."


def _grader_words(grader: GraderFacts) -> Sequence[str]:
    return [
        f"grader {grader.model or grader.kind}",
        *([f"recorded {grader.recorded_on}, weights {grader.weights}"] if grader.recorded_on else []),
        *(f"{name} {value}" for name, value in grader.parameters.items() if value is not None),
    ]


def _table(header: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *cells]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main(sys.argv[1:])
