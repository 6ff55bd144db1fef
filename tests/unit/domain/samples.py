"""Values that the tests of the domain start from."""

from datetime import UTC, datetime
from typing import Any

from adapters.contract.model import Application, Candidate, Job, JobStatus, Stage, StageEntryRef, StageKind
from orchestrator.domain.program import Program, When
from orchestrator.domain.scoring import Evidence, Match, Rater, RaterKind, Score, Scorecard

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def job(**changes: Any) -> Job:
    facts: dict[str, Any] = {
        "id": "j1",
        "title": "Customer Support Agent",
        "status": JobStatus.OPEN,
        "department": "Service",
        "location": "Leeds",
    }
    return Job(**(facts | changes))


def candidate(**changes: Any) -> Candidate:
    facts: dict[str, Any] = {
        "id": "c1",
        "first_name": "Ada",
        "last_name": "Quill",
        "emails": ("ada.quill@example.org",),
    }
    return Candidate(**(facts | changes))


def application(**changes: Any) -> Application:
    facts: dict[str, Any] = {
        "id": "a1",
        "candidate": candidate(),
        "job": job(),
        "stage": Stage(id="s1", name="First Interview"),
        "entry": StageEntryRef(history_id="h1", entered_at=NOW),
        "source": "Careers page",
    }
    return Application(**(facts | changes))


def program(**changes: Any) -> Program:
    facts: dict[str, Any] = {
        "key": "support-pilot",
        "title": "Support",
        "version": 1,
        "connection": "sandbox",
        "when": When(stage=StageKind.FIRST_INTERVIEW),
        "rubric": "test/small",
    }
    return Program(**(facts | changes))


def evidence(quote: str = "I asked what error she saw", **changes: Any) -> Evidence:
    facts: dict[str, Any] = {"turn": 1, "start": 0, "end": len(quote), "quote": quote, "match": Match.EXACT}
    return Evidence(**(facts | changes))


def score(competency: str = "causes", level: float | None = 4.0, **changes: Any) -> Score:
    facts: dict[str, Any] = {"competency": competency, "level": level, "standard_error": 0.3}
    return Score(**(facts | changes))


def scorecard(*scores: Score, **changes: Any) -> Scorecard:
    facts: dict[str, Any] = {
        "rubric_hash": "0" * 64,
        "rater": Rater(kind=RaterKind.MODEL, name="model"),
        "scores": scores or (score(), score("promises")),
        "aggregate": 3.0,
        "standard_error": 0.2,
        "coverage": 1.0,
        "band": "mixed",
        "provisional": False,
    }
    return Scorecard(**(facts | changes))
