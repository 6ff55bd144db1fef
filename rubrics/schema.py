"""The shape of a rubric. Pure: frozen structs and the two hashes that identify a version.

A rubric is immutable per content hash; an interview pins the hash it was planned with. Levels run from 1 to 5 and every
level has an anchor of observable behaviour (behaviourally anchored rating scale; OPM Structured Interviews Guide).
"""

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Slug = Annotated[
    str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60, description="lower case words with hyphens")
]
Text = Annotated[str, Meta(min_length=1, max_length=1200)]
Line = Annotated[str, Meta(min_length=1, max_length=240)]
Level = Annotated[int, Meta(ge=1, le=5, description="rating on a competency, 1 (lowest) to 5 (highest)")]

LEVELS = (1, 2, 3, 4, 5)


class Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every rubric struct."""


class EscoSkill(Strict, frozen=True):
    """A skill of the ESCO taxonomy: the canonical id that reports and ATS fields use instead of free text."""

    uri: Annotated[str, Meta(pattern=r"^http://data\.europa\.eu/esco/skill/[0-9A-Za-z-]+$")]
    label: Line


class Indicator(Strict, frozen=True):
    """One observable thing that an answer shows or does not show. ``cues`` are phrases the embedded grader looks for."""

    id: Slug
    text: Line
    cues: Annotated[tuple[Line, ...], Meta(max_length=24)] = ()


class Anchor(Strict, frozen=True):
    """What an answer at one level looks like, with its checklist."""

    level: Level
    behaviour: Text
    indicators: Annotated[tuple[Indicator, ...], Meta(min_length=1, max_length=6)]


class Competency(Strict, frozen=True):
    """A job-related construct that is rated. ``job_relevance`` says which duty of the job needs it (29 CFR 1607.14)."""

    id: Slug
    name: Line
    definition: Text
    job_relevance: Text
    weight: Annotated[float, Meta(gt=0, le=10)]
    esco: Annotated[tuple[EscoSkill, ...], Meta(min_length=1, max_length=5)]
    anchors: Annotated[tuple[Anchor, ...], Meta(min_length=5, max_length=5)]
    standard_error: Annotated[float, Meta(gt=0, le=2, description="of one rating, in levels")] = 0.35


class Probe(Strict, frozen=True):
    """A planned follow-up; asked only from this list, so that all candidates get the same policy."""

    id: Slug
    text: Line
    asks_for: Line


class Question(Strict, frozen=True):
    """One question. ``why`` is shown to the candidate in one line."""

    id: Slug
    text: Text
    why: Line
    competencies: Annotated[tuple[Slug, ...], Meta(min_length=1, max_length=3)]
    minutes: Annotated[float, Meta(gt=0, le=15)]
    probes: Annotated[tuple[Probe, ...], Meta(max_length=4)] = ()
    max_follow_ups: Annotated[int, Meta(ge=0, le=2)] = 0


class Practice(Strict, frozen=True):
    """A light question that is not kept."""

    text: Line
    hint: Line


class Band(Strict, frozen=True):
    """A range of the aggregate. ``cut`` is its lower bound on the level scale, None for the band without evidence."""

    key: Annotated[str, Meta(pattern="^(strong|solid|mixed|limited|not_enough)$")]
    label: Line
    cut: Annotated[float, Meta(ge=1, le=5)] | None = None


class Rubric(Strict, frozen=True):
    """Competencies, questions and bands for the first interview of one role family."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$", description="family/name, as the file is called")]
    version: Annotated[str, Meta(pattern=r"^\d+\.\d+\.\d+$")]
    title: Line
    role_family: Slug
    language: Annotated[str, Meta(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
    purpose: Text
    job_analysis: Text
    practice: Practice
    competencies: Annotated[tuple[Competency, ...], Meta(min_length=2, max_length=6)]
    questions: Annotated[tuple[Question, ...], Meta(min_length=2, max_length=10)]
    bands: Annotated[tuple[Band, ...], Meta(min_length=3, max_length=5)]
    coverage_floor: Annotated[
        float, Meta(gt=0, le=1, description="share of weight that needs evidence before there is a band")
    ] = 0.7

    def competency(self, competency_id: str) -> Competency:
        """Find a competency by id; raises KeyError."""
        for competency in self.competencies:
            if competency.id == competency_id:
                return competency
        raise KeyError(competency_id)

    def question(self, question_id: str) -> Question:
        """Find a question by id; raises KeyError."""
        for question in self.questions:
            if question.id == question_id:
                return question
        raise KeyError(question_id)


def content_hash(rubric: Rubric) -> str:
    """SHA-256 (hex) over every word of the rubric: which text was used."""
    return hashlib.sha256(msgspec.json.encode(rubric, order="sorted")).hexdigest()


def structure_hash(rubric: Rubric) -> str:
    """SHA-256 (hex) over competencies, weights and cuts only: whether the scores of two versions can be compared."""
    structure = (
        [(c.id, c.weight, [a.level for a in c.anchors]) for c in rubric.competencies],
        [(b.key, b.cut) for b in rubric.bands],
    )
    return hashlib.sha256(msgspec.json.encode(structure)).hexdigest()
