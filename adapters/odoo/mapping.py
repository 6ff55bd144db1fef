"""The only place that knows both Odoo's words and the contract's. Pure.

All of it was seen on a running Odoo 19.0 (``make test-odoo`` looks again); unconfirmed is ``LONGEST_REQUEST`` alone: the
default of Odoo's ``limit_time_real``, taken for the longest time from a change's date to its commit. A word that is not in a table
is a broken payload, never a guess. Odoo says ``false`` where it has no value, and times in UTC without saying so.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from adapters.contract.errors import NotFound, PayloadInvalid
from adapters.contract.model import (
    Application,
    Candidate,
    Disposition,
    Job,
    JobStatus,
    Note,
    Stage,
    StageEntryRef,
    StageKind,
    Visibility,
)
from adapters.odoo.answers import (
    LARGEST_ID,
    ApplicantAnswer,
    JobAnswer,
    Link,
    MessageAnswer,
    StageAnswer,
    StageMessageAnswer,
    Text,
)
from adapters.odoo.markup import html_to_text

T = TypeVar("T")

# Models: what a path names after /json/2/.
APPLICANT = "hr.applicant"
JOB = "hr.job"
STAGE = "hr.recruitment.stage"
MESSAGE = "mail.message"
SUBTYPE = "mail.message.subtype"
USER = "res.users"
API_KEY = "res.users.apikeys"

# External ids, which no translation and no renaming changes.
STAGE_CHANGED = "hr_recruitment.mt_applicant_stage_changed"
NOTE = "mail.mt_note"
# What people and programs write. E-mails that Odoo sends by itself when a stage is entered are kept as notes, too.
WRITTEN = ("comment", "notification")
NEEDED_GROUPS = ("base.group_user", "hr_recruitment.group_hr_recruitment_user")
MORE_THAN_NEEDED = ("hr_recruitment.group_hr_recruitment_manager", "base.group_erp_manager", "base.group_system")

# Errors of Python itself that say that the request was wrong; any other one may be the server's own trouble.
OUR_MISTAKES = frozenset({"builtins.ValueError", "builtins.TypeError", "builtins.AttributeError", "builtins.KeyError"})
# An archived applicant without a refuse reason has ended as well; whose wish it was, Odoo does not say.
DISPOSITIONS: Mapping[str, Disposition | None] = {
    "ongoing": None,
    "hired": Disposition.HIRED,
    "refused": Disposition.REJECTED,
    "archived": Disposition.WITHDRAWN,
}
LONGEST_REQUEST = timedelta(seconds=120)


def to_application(
    answer: ApplicantAnswer, *, job: JobAnswer, stage: StageAnswer, stage_message: StageMessageAnswer | None
) -> Application:
    """Turn an applicant into the contract's. ``stage_message`` is the latest message "Stage Changed".

    That message is the history of stages that a Recruitment Officer may read (the tracking values behind it are for
    administrators). It is written in the transaction of the move, and by nothing else: ``date_last_stage_update`` also
    moves when somebody sets a kanban colour or writes the same stage again, which would end invitations that are out.

    Raises:
        PayloadInvalid: an application status that Odoo does not document.
    """
    return Application(
        id=str(answer.id),
        candidate=_to_candidate(answer),
        job=to_job(job),
        stage=to_stage(stage),
        entry=StageEntryRef(
            history_id="created" if stage_message is None else str(stage_message.id),
            entered_at=to_moment(answer.create_date if stage_message is None else stage_message.date),
        ),
        disposition=_word(DISPOSITIONS, answer.application_status, "application status"),
        source=linked_name(answer.source_id),
        updated_at=to_moment(answer.write_date),
    )


def pipeline_of(answer: ApplicantAnswer) -> tuple[int, int]:
    """The ids of an applicant's job and stage.

    Raises:
        NotFound: it has none, as a spontaneous applicant or somebody in a talent pool has.
    """
    if isinstance(answer.job_id, bool) or isinstance(answer.stage_id, bool):
        raise NotFound("the applicant is in no job's pipeline")
    return answer.job_id[0], answer.stage_id[0]


def to_job(answer: JobAnswer) -> Job:
    """Turn a job position into the contract's: an archived one is closed."""
    return Job(
        id=str(answer.id),
        title=answer.name,
        status=JobStatus.OPEN if answer.active else JobStatus.CLOSED,
        department=linked_name(answer.department_id),
        location=linked_name(answer.address_id),
    )


def to_stage(answer: StageAnswer) -> Stage:
    """Turn a stage into the contract's. Odoo says the kind of the stage of people who were hired, and of no other."""
    return Stage(id=str(answer.id), name=answer.name, kind=StageKind.HIRED if answer.hired_stage else None)


def to_note(answer: MessageAnswer) -> Note:
    """Turn an internal message into the contract's: every user who may see the applicant may read it."""
    return Note(
        id=str(answer.id),
        body=html_to_text(text(answer.body)),
        author=linked_name(answer.author_id) or "",
        visibility=Visibility.TEAM,
        created_at=to_moment(answer.date),
    )


def to_moment(told: str) -> datetime:
    """Read one of Odoo's times, which are UTC.

    Raises:
        PayloadInvalid: not a time.
    """
    try:
        return datetime.fromisoformat(told).replace(tzinfo=UTC)
    except ValueError:
        raise PayloadInvalid("a time is not what the ATS documents") from None


def from_moment(moment: datetime) -> str:
    """Write a time as Odoo's domains take it: whole seconds, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def to_record_id(told: str) -> int:
    """Read an id of the contract.

    Raises:
        NotFound: Odoo's ids are numbers, so nothing has this one.
    """
    if not (told.isascii() and told.isdigit() and 1 <= int(told[:20]) <= LARGEST_ID):
        raise NotFound("the ATS has no such record")
    return int(told)


def text(value: Text) -> str:
    """What stands in a text field; empty where nothing does."""
    return "" if isinstance(value, bool) else value


def linked_name(link: Link) -> str | None:
    """The name of what a record points at."""
    return None if isinstance(link, bool) else link[1]


def _to_candidate(answer: ApplicantAnswer) -> Candidate:
    first, _, last = text(answer.partner_name).strip().partition(" ")
    person = f"applicant-{answer.id}" if isinstance(answer.partner_id, bool) else str(answer.partner_id[0])
    return Candidate(
        id=person,
        first_name=first,
        last_name=last.strip(),
        emails=tuple(filter(None, [text(answer.email_from)])),
        phones=tuple(filter(None, [text(answer.partner_phone)])),
    )


def _word(table: Mapping[str, T], word: str, what: str) -> T:
    try:
        return table[word]
    except KeyError:
        raise PayloadInvalid(f"the ATS sent an undocumented {what}") from None
