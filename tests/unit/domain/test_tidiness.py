"""What is untidy in an ATS: each kind found, what only looks like it left alone, and no contact data in any example."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.contract.model import Disposition, JobStatus, Stage, StageEntryRef, StageKind
from orchestrator.domain.program import RoleFamily
from orchestrator.domain.tidiness import (
    EXAMPLES,
    MEND,
    STALE,
    Issue,
    Seen,
    foreign_values,
    same_job_twice,
    shared_contacts,
    stale_jobs,
    titles_that_differ,
    unmapped_stages,
    untidy,
)
from tests.unit.domain.samples import NOW, application, candidate, job

SUPPORT = RoleFamily(key="support", titles=("*Customer Support*",))
SALES = RoleFamily(key="sales", titles=("*Sales*",))


def seen(id_: str = "a1", *, kind: StageKind | None = StageKind.FIRST_INTERVIEW, **more: Any) -> Seen:
    facts = {name: more.pop(name) for name in ("triggers", "interview_open", "foreign") if name in more}
    return Seen(application=application(id=id_, **more), kind=kind, **facts)


def person(id_: str, *, emails: tuple[str, ...] = (), phones: tuple[str, ...] = ()) -> Seen:
    return seen(f"a-{id_}", candidate=candidate(id=id_, emails=emails, phones=phones))


def test_shared_contacts() -> None:
    """By address whatever its case, by number however it is written; each group once, by ids, and short numbers never."""
    found = shared_contacts(
        [
            person("c1", emails=("Ada@Example.org",), phones=("+44 7700 900-999",)),
            person("c2", emails=("ada@example.org ",), phones=("447700900999",)),
            person("c3", emails=("bea@example.org",), phones=("112", "")),
            person("c4", phones=("1 1 2", "")),
            person("c1", emails=("ada@example.org",)),
        ]
    )
    assert found == ["c1 = c2"]


def test_one_person_with_two_applications_is_no_duplicate() -> None:
    """Two jobs are two applications of one candidate."""
    assert shared_contacts([person("c1", emails=("a@x.org",)), person("c1", emails=("a@x.org",))]) == []


def test_same_job_twice() -> None:
    """Open at the same time, one candidate, one job; an ended one does not count."""
    twice = [seen("a1"), seen("a2")]
    assert same_job_twice(twice) == ["a1 = a2"]
    assert same_job_twice([seen("a1"), seen("a2", job=job(id="j2"))]) == []
    assert same_job_twice([seen("a1"), seen("a2", disposition=Disposition.WITHDRAWN)]) == []
    assert same_job_twice([seen("a1"), seen("a2", kind=StageKind.ARCHIVED)]) == []
    assert same_job_twice([seen("a1"), seen("a2", candidate=candidate(id="c2"))]) == []


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("Customer Support Agent", "Costumer Support Agent", True),
        ("Customer Support Agent", "Agent, Customer-Support", True),
        ("Customer Support Agent", "customer  support agent", False),
        ("Customer Support Agent", "Customer Support Agents", False),
        ("Customer Support Agent", "Data Engineer", False),
        ("Warehouse Associate", "Warehouse Associates", False),
    ],
)
def test_titles(one: str, other: str, *, differ: bool) -> None:
    """Alike by their words, whatever their order, and not in the same families."""
    rows = [seen("a1", job=job(title=one)), seen("a2", job=job(id="j2", title=other))]
    found = titles_that_differ(rows, (SUPPORT, SALES))
    assert bool(found) is differ
    if found:
        assert one in found[0]
        assert "no family" in found[0]


def test_stale_jobs() -> None:
    """Closed, somebody waits, and nothing has changed for 90 days."""
    old = NOW - STALE - timedelta(seconds=1)
    closed = job(status=JobStatus.CLOSED)
    assert stale_jobs([seen(job=closed, updated_at=old, triggers=True)], now=NOW) == ["j1: a1"]
    assert stale_jobs([seen(job=closed, updated_at=old, interview_open=True)], now=NOW) == ["j1: a1"]
    entered = StageEntryRef(entered_at=old)
    assert stale_jobs([seen(job=closed, entry=entered, triggers=True)], now=NOW) == ["j1: a1"]
    assert stale_jobs([seen(job=closed, updated_at=old)], now=NOW) == []
    assert stale_jobs([seen(updated_at=old, triggers=True)], now=NOW) == []
    assert stale_jobs([seen(job=closed, updated_at=NOW - STALE, triggers=True)], now=NOW) == []
    over = seen(job=closed, updated_at=old, triggers=True, disposition=Disposition.REJECTED)
    assert stale_jobs([over], now=NOW) == []


def test_unmapped_stages() -> None:
    """Those that the ATS lists and those that somebody stands in, the fullest first."""
    coffee, walk = Stage(id="s7", name="Coffee"), Stage(id="s8", name="Walk")
    rows = [seen("a1", kind=None, stage=walk), seen("a2", kind=None, stage=walk), seen("a3")]
    listed = [(coffee, None), (Stage(id="s1", name="First Interview"), StageKind.FIRST_INTERVIEW)]
    assert unmapped_stages(listed, rows) == ["Walk (s8): 2", "Coffee (s7): 0"]


def test_foreign_values() -> None:
    """Which application, and in which of our fields."""
    assert foreign_values([seen("a1", foreign=("band", "link")), seen("a2")]) == ["a1: band, link"]


def test_counts_examples_and_the_mend() -> None:
    """All are counted, five are shown, and every issue says what mends it."""
    told = untidy(Issue.JOB_STALE, [str(number) for number in range(9)])
    assert (told.count, len(told.examples), told.mend) == (9, EXAMPLES, MEND[Issue.JOB_STALE])
    assert set(MEND) == set(Issue)
