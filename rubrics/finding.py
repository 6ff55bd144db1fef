"""What the linter says: findings, the rules that make them, and every piece of text that rules look at."""

from collections.abc import Callable, Iterator
from enum import StrEnum

from msgspec import Struct
from typing_extensions import override

from rubrics.document import Path
from rubrics.schema import Anchor, Question, Rubric


class Severity(StrEnum):
    """How serious a finding is."""

    ERROR = "error"  # the rubric must not be used
    WARNING = "warning"  # a person should look again


class Finding(Struct, frozen=True, kw_only=True):
    """One broken rule: where (1-based line and column), what was found there, and why the rule exists."""

    file: str
    line: int
    column: int
    field: str
    code: str
    severity: Severity
    message: str
    reason: str

    @override
    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}: {self.severity} {self.code}: {self.field}: {self.message}. {self.reason}"


class Hit(Struct, frozen=True):
    """Where a rule is broken, and what was found there."""

    path: Path
    message: str


class Rule(Struct, frozen=True, kw_only=True):
    """A rule is a pure function of the rubric; its reason is told with every finding."""

    code: str
    severity: Severity
    reason: str
    check: Callable[[Rubric], Iterator[Hit]]


class Kind(StrEnum):
    """What a piece of text is for; rules choose by it."""

    ABOUT = "about"  # titles, definitions, purpose: read by recruiters
    ANCHOR = "anchor"  # behaviour of a level: read by raters
    INDICATOR = "indicator"  # checklist entry: read by raters
    CUE = "cue"  # words of candidates, looked for by the embedded grader
    QUESTION = "question"  # asked
    PROBE = "probe"  # asked
    SHOWN = "shown"  # read by candidates, not asked


class Passage(Struct, frozen=True):
    """A piece of text of the rubric and its place."""

    path: Path
    text: str
    kind: Kind


def passages(rubric: Rubric) -> Iterator[Passage]:
    """Every text that somebody wrote, in the order of the structs."""
    for name in ("title", "purpose", "job_analysis"):
        yield Passage((name,), getattr(rubric, name), Kind.ABOUT)
    for name in ("text", "hint"):
        yield Passage(("practice", name), getattr(rubric.practice, name), Kind.SHOWN)
    for number, competency in enumerate(rubric.competencies):
        for name in ("name", "definition", "job_relevance"):
            yield Passage(("competencies", number, name), getattr(competency, name), Kind.ABOUT)
        for place, anchor in enumerate(competency.anchors):
            yield from _anchor(anchor, ("competencies", number, "anchors", place))
    for number, question in enumerate(rubric.questions):
        yield from _question(question, ("questions", number))


def _anchor(anchor: Anchor, path: Path) -> Iterator[Passage]:
    yield Passage((*path, "behaviour"), anchor.behaviour, Kind.ANCHOR)
    for number, indicator in enumerate(anchor.indicators):
        here = (*path, "indicators", number)
        yield Passage((*here, "text"), indicator.text, Kind.INDICATOR)
        for place, cue in enumerate(indicator.cues):
            yield Passage((*here, "cues", place), cue, Kind.CUE)


def _question(question: Question, path: Path) -> Iterator[Passage]:
    yield Passage((*path, "text"), question.text, Kind.QUESTION)
    yield Passage((*path, "why"), question.why, Kind.SHOWN)
    for number, probe in enumerate(question.probes):
        yield Passage((*path, "probes", number, "text"), probe.text, Kind.PROBE)
        yield Passage((*path, "probes", number, "asks_for"), probe.asks_for, Kind.ABOUT)
