"""What is untidy in an ATS and would spoil a launch: said with counts, examples by external id, and what mends it.

Nothing is merged, ever: two people who share an address are two people (N7). No example holds contact data.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations

from msgspec import Struct
from rapidfuzz import fuzz

from adapters.contract.model import Application, JobStatus, Stage, StageKind
from orchestrator.domain.program import RoleFamily
from orchestrator.domain.stage import normal_name

STALE = timedelta(days=90)
ALIKE = 88.0
"""How much alike (0 to 100, words in any order) two titles are that probably mean one role."""

EXAMPLES = 5
MOST_TITLES = 1000
"""Titles that are compared with each other; more of them are not a list that anybody tidies by hand."""

PHONE_DIGITS = 7
_NO_DIGIT = re.compile(r"\D")


class Issue(StrEnum):
    """What can be untidy. Stable: they stand in scripts and in the documentation."""

    SHARED_CONTACT = "shared_contact"
    SAME_JOB_TWICE = "same_job_twice"
    TITLES_DIFFER = "titles_differ"
    JOB_STALE = "job_stale"
    CONSENT_MISSING = "consent_missing"
    STAGE_UNMAPPED = "stage_unmapped"
    FIELD_FOREIGN = "field_foreign"
    UNREADABLE = "unreadable"


MEND = {
    Issue.SHARED_CONTACT: "Look whether they are one person; if so, merge them in the ATS. Evenhand never does: people may share an address.",
    Issue.SAME_JOB_TWICE: "Close the application that is not used in the ATS, or both may be interviewed.",
    Issue.TITLES_DIFFER: "Give the jobs one title in the ATS, or add a pattern for each to role_families in evenhand.yaml.",
    Issue.JOB_STALE: "Settle these applications in the ATS, or open the job again; nobody is invited for a closed job.",
    Issue.CONSENT_MISSING: "Hold the result back and ask whoever runs Evenhand: an interview goes on only after consent.",
    Issue.STAGE_UNMAPPED: "Add the stage to connections[].stages in evenhand.yaml, or say what it is in the quarantine.",
    Issue.FIELD_FOREIGN: "Move what people wrote to another field, or map another field: Evenhand does not overwrite it and reports a conflict.",
    Issue.UNREADABLE: "Look at the sync log for these; the permission is missing, or the ATS answers in a shape that the adapter does not know.",
}


class Untidy(Struct, frozen=True, kw_only=True):
    """One kind of untidiness: how often, up to five examples (external ids, stage or job names), and what mends it."""

    issue: Issue
    count: int
    examples: tuple[str, ...]
    mend: str


class Seen(Struct, frozen=True, kw_only=True):
    """An application as it was read, and what we know beside: its canonical stage, our interview, foreign field values.

    ``triggers``: it stands in a stage from which a program of this connection starts.
    """

    application: Application
    kind: StageKind | None
    triggers: bool = False
    interview_open: bool = False
    foreign: tuple[str, ...] = ()


def untidy(issue: Issue, examples: Sequence[str]) -> Untidy:
    """Count what was found; the first few are the examples."""
    return Untidy(issue=issue, count=len(examples), examples=tuple(examples[:EXAMPLES]), mend=MEND[issue])


def shared_contacts(seen: Iterable[Seen]) -> list[str]:
    """Candidates of one connection who have an address or a number in common, as ``id = id``; each group once."""
    holders: dict[str, dict[str, None]] = defaultdict(dict)
    for one in seen:
        person = one.application.candidate
        digits = [_NO_DIGIT.sub("", phone) for phone in person.phones]
        for contact in {*(email.strip().casefold() for email in person.emails), *digits}:
            if "@" in contact or len(contact) >= PHONE_DIGITS:
                holders[contact][person.id] = None
    groups = {tuple(sorted(ids)) for ids in holders.values() if len(ids) > 1}
    return [" = ".join(group) for group in sorted(groups)]


def same_job_twice(seen: Iterable[Seen]) -> list[str]:
    """Applications of one candidate to one job that are open at the same time, as ``id = id``."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in seen:
        if one.application.disposition is None and not (one.kind and one.kind.terminal):
            groups[one.application.candidate.id, one.application.job.id].append(one.application.id)
    return [" = ".join(sorted(ids)) for _, ids in sorted(groups.items()) if len(ids) > 1]


def titles_that_differ(seen: Iterable[Seen], families: Sequence[RoleFamily]) -> list[str]:
    """Titles that mean one role by their words and belong to different role families, or one of them to none."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for one in seen:
        job = one.application.job
        held = frozenset(family.key for family in families if family.holds(job))
        found.setdefault(normal_name(job.title), (job.title, held))
    pairs = combinations(sorted(found.items())[:MOST_TITLES], 2)
    return [
        f"{_title(left)} ~ {_title(right)}"
        for (one_name, left), (other_name, right) in pairs
        if left[1] != right[1] and fuzz.token_sort_ratio(one_name, other_name) >= ALIKE
    ]


def stale_jobs(seen: Iterable[Seen], *, now: datetime) -> list[str]:
    """Closed jobs with an open interview or somebody in a trigger stage for whom nothing happened in 90 days.

    ATSs do not say when a job was closed; that nothing has moved since is what can be seen.
    """
    jobs: dict[str, list[str]] = defaultdict(list)
    for one in seen:
        application = one.application
        moved = application.updated_at or application.entry.entered_at
        waits = application.disposition is None and (one.triggers or one.interview_open)
        if application.job.status is JobStatus.CLOSED and waits and (moved is None or moved < now - STALE):
            jobs[application.job.id].append(application.id)
    return [f"{job}: {', '.join(sorted(ids)[:EXAMPLES])}" for job, ids in sorted(jobs.items())]


def unmapped_stages(stages: Iterable[tuple[Stage, StageKind | None]], seen: Iterable[Seen]) -> list[str]:
    """Stages that no table knows, with how many applications stand in each."""
    unknown: dict[Stage, int] = {stage: 0 for stage, kind in stages if kind is None}
    for one in seen:
        if one.kind is None:
            stage = one.application.stage
            unknown[stage] = unknown.get(stage, 0) + 1
    ranked = sorted(unknown.items(), key=lambda row: (-row[1], row[0].id))
    return [f"{stage.name} ({stage.id}): {count}" for stage, count in ranked]


def foreign_values(seen: Iterable[Seen]) -> list[str]:
    """Applications with something in a mapped field that Evenhand did not write, and in which fields."""
    return [f"{one.application.id}: {', '.join(one.foreign)}" for one in seen if one.foreign]


def _title(found: tuple[str, frozenset[str]]) -> str:
    return f"{found[0]} ({', '.join(sorted(found[1])) or 'no family'})"
