"""The decision that everybody in part (c) makes: one constant program, one constant application of a changing id."""

from msgspec import structs

from adapters.contract.model import Application, Candidate, Job, JobStatus, Stage, StageEntryRef, StageKind
from orchestrator.domain.program import Program, RoleFamily, When
from orchestrator.domain.trigger import History, Verdict, decide

# Posts under way at once, for everybody who posts with httpx: more of them cost it more processor time for each request and
# make it slower, not faster. Evenhand's worker holds more items than that, for it also waits for its database.
AT_ONCE = 8
WORKER_CONCURRENCY = 32
FAMILIES = (RoleFamily(key="customer-support", titles=("*Customer Support*",)),)
PROGRAMS = (
    Program(
        key="support-pilot",
        title="Customer support, first interview",
        version=1,
        connection="sandbox",
        when=When(stage=StageKind.FIRST_INTERVIEW, role_families=("customer-support",)),
        rubric="customer-support/first-interview",
    ),
)
_APPLICATION = Application(
    id="",
    candidate=Candidate(id="cand_1", first_name="Ada", last_name="Example", emails=("ada@applicants.example",)),
    job=Job(id="job_1", title="Customer Support Specialist", status=JobStatus.OPEN, department="Support"),
    stage=Stage(id="stage_1", name="First Interview"),
    entry=StageEntryRef(history_id="1"),
    source="Careers page",
)
_HISTORY = History()


def starts(application_id: str) -> bool:
    """Whether the program starts an interview for the application."""
    application = structs.replace(_APPLICATION, id=application_id)
    return decide(application, StageKind.FIRST_INTERVIEW, PROGRAMS, FAMILIES, _HISTORY).verdict is Verdict.START


def result(application_id: str, event_id: str) -> dict[str, str]:
    """What is posted to the sink."""
    return {"application_id": application_id, "event_id": event_id, "program": PROGRAMS[0].key, "verdict": "start"}
