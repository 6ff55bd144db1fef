"""What a made-up Greenhouse account has in it, and what people do there: move, edit, close."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]

COMPLETION = (
    *("Invited", "In progress", "Completed", "In review", "Expired", "Withdrawn"),
    *("Alternative requested", "Not scored by AI"),
)
BAND = ("Strong evidence", "Solid evidence", "Mixed evidence", "Limited evidence", "Not enough evidence")
LONG_AGO = "2026-01-05T08:00:00.000Z"
SITE_ADMIN, RECRUITER = 158108, 158109
APPLICATION, CANDIDATE, JOB = 265277, 265772, 3485
REVIEW, AI_INTERVIEW, OFFER, RETIRED = 71414, 71416, 71418, 71419


def stamp(at: datetime) -> str:
    """A time as Harvest writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _field(field_id: int, key: str, value_type: str, **more: Any) -> Row:
    return {
        "id": field_id, "name": key.replace("_", " ").capitalize(), "name_key": key, "value_type": value_type,
        "field_type": "application", "active": True, "private": False, "required": False,
        "created_at": LONG_AGO, "updated_at": LONG_AGO, **more,
    }  # fmt: skip


def _option(option_id: int, field_id: int, name: str, *, active: bool = True) -> Row:
    return {
        "id": option_id, "custom_field_id": field_id, "name": name, "active": active, "sort_order": option_id,
        "external_id": None, "created_at": LONG_AGO, "updated_at": LONG_AGO,
    }  # fmt: skip


def _fields() -> list[Row]:
    return [
        _field(1, "ai_interview_completion", "single_select"),
        _field(2, "ai_interview_score", "number"),
        _field(3, "ai_interview_summary", "long_text"),
        _field(4, "ai_interview_ref", "short_text"),
        _field(5, "ai_interview_link", "url"),
        _field(6, "notice_period", "short_text"),
        _field(11, "ai_interview_band", "single_select"),
        _field(7, "languages", "multi_select"),
        _field(8, "salary_wish", "currency"),
        _field(9, "old_grade", "short_text", active=False),
        _field(10, "favourite_hat", "short_text", field_type="candidate"),
    ]


def _stage(stage_id: int, name: str, order: int, *, active: bool = True) -> Row:
    return {
        "id": stage_id, "job_id": JOB, "name": name, "sort_order": order, "active": active,
        "created_at": LONG_AGO, "updated_at": LONG_AGO,
    }  # fmt: skip


def _candidate(candidate_id: int, first: str, last: str, email: str) -> Row:
    return {
        "id": candidate_id, "first_name": first, "last_name": last, "preferred_name": None, "private": False,
        "can_email": True, "company": None, "title": None, "time_zone": None, "tags": [], "addresses": [],
        "email_addresses": [{"value": email, "type": "personal"}],
        "phone_numbers": [{"value": "+15550100", "type": "mobile"}],
        "custom_fields": {}, "created_at": LONG_AGO, "updated_at": LONG_AGO, "last_activity_at": LONG_AGO,
    }  # fmt: skip


@dataclass
class Records:
    """The rows of one account, by resource of Harvest v3."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    _next_id: int = 900_000

    def __post_init__(self) -> None:
        self.tables = {
            "users": [
                {"id": SITE_ADMIN, "site_admin": True, "deactivated": False},
                {"id": RECRUITER, "site_admin": False, "deactivated": False},
            ],
            "jobs": [
                {
                    "id": JOB, "name": "Data Engineer", "status": "open", "requisition_id": "REQ-7", "confidential": False,
                    "department_id": None, "office_ids": [], "custom_fields": {}, "notes": None, "is_template": False,
                    "created_at": LONG_AGO, "opened_at": LONG_AGO, "closed_at": None, "updated_at": LONG_AGO,
                }
            ],
            "job_interview_stages": [
                _stage(REVIEW, "Application Review", 0), _stage(AI_INTERVIEW, "AI Interview", 1),
                _stage(OFFER, "Offer", 2), _stage(RETIRED, "Phone Screen", 3, active=False),
            ],
            "custom_fields": _fields(),
            "custom_field_options": [
                *(_option(number, 1, name) for number, name in enumerate(COMPLETION, 100)),
                *(_option(number, 11, name) for number, name in enumerate(BAND, 200)),
                _option(14, 1, "Forgotten", active=False), _option(15, 7, "Finnish"), _option(16, 7, "Greek"),
            ],
            "candidates": [], "applications": [], "application_stages": [], "notes": [],
        }  # fmt: skip
        self.apply(APPLICATION, _candidate(CANDIDATE, "Ada", "Quill", "ada.quill@example.org"))
        for number in range(1, 7):
            person = _candidate(CANDIDATE + number, f"Robin{number}", "Vale", f"robin{number}@example.org")
            self.apply(APPLICATION + number, person)
        self.one("applications", APPLICATION)["custom_fields"] |= {
            "notice_period": {"name": "Notice period", "type": "short_text", "value": "3 months"},
            "languages": {"name": "Languages", "type": "multi_select", "value": ["Greek", "Finnish"]},
            "salary_wish": {
                "name": "Salary wish", "type": "currency", "value": {"amount": "51000.0", "currency_code": "EUR"},
            },
            "old_grade": {"name": "Old grade", "type": "short_text", "value": "B"},
        }  # fmt: skip

    def one(self, resource: str, row_id: int) -> Row:
        """A row; LookupError where there is none."""
        for row in self.tables[resource]:
            if row["id"] == row_id:
                return row
        raise LookupError(resource)

    def new_id(self) -> int:
        """An id that nobody has."""
        self._next_id += 1
        return self._next_id

    def apply(self, application_id: int, candidate: Row, *, job_id: int | None = JOB, at: str = LONG_AGO) -> Row:
        """Somebody applies; without a job, somebody is kept in view."""
        self.tables["candidates"].append(candidate)
        blank = {
            row["name_key"]: {"name": row["name"], "type": row["value_type"], "value": None}
            for row in _fields()
            if row["field_type"] == "application" and row["active"]
        }
        row = {
            "id": application_id, "candidate_id": candidate["id"], "job_id": job_id, "job_post_id": None,
            "prospect": job_id is None, "status": "in_process", "stage_id": None, "stage_name": None,
            "needs_decision": False, "source_id": 31, "rejected_at": None, "answers": [], "custom_fields": blank,
            "created_at": at, "updated_at": at, "last_activity_at": at,
        }  # fmt: skip
        self.tables["applications"].append(row)
        if job_id is not None:
            self.move(application_id, REVIEW, at=at)
        return row

    def move(self, application_id: int, stage_id: int, *, at: str | None = None) -> Row:
        """A recruiter moves an application: the open visit ends, a new one begins, even into the same stage."""
        now = at or stamp(datetime.now(UTC))
        for visit in self.tables["application_stages"]:
            if visit["application_id"] == application_id and visit["current"]:
                visit |= {"current": False, "exited_at": now, "updated_at": now}
        visit = {
            "id": self.new_id(), "application_id": application_id, "job_interview_stage_id": stage_id,
            "entered_at": now, "exited_at": None, "current": True, "days_in_stage": 0,
            "created_at": now, "updated_at": now,
        }  # fmt: skip
        self.tables["application_stages"].append(visit)
        self.edit(application_id, at=now, stage_id=visit["id"], stage_name=self.stage_name(stage_id))
        return visit

    def stage_name(self, stage_id: int) -> str:
        """What a stage is called."""
        return str(self.one("job_interview_stages", stage_id)["name"])

    def edit(self, application_id: int, *, at: str | None = None, **changes: Any) -> Row:
        """Somebody changes an application."""
        now = at or stamp(datetime.now(UTC))
        row = self.one("applications", application_id)
        row |= {"updated_at": now, "last_activity_at": now, **changes}
        return row
