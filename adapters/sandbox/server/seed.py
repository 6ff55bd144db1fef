"""A believable company to try things on: two pilot jobs, one job outside the pilot, ten candidates."""

from msgspec import Struct

from adapters.sandbox.server import applications, candidates, fields, jobs, keys, webhooks
from adapters.sandbox.server.records import FieldKind, TerminalKind
from adapters.sandbox.server.store import Store

COMPANY = "Northwind Outdoor"
KEY_NAME = "Interview integration"
KEY_SCOPES = (
    "applications:read",
    "candidates:read",
    "fields:read",
    "fields:write",
    "jobs:read",
    "notes:read",
    "notes:write",
    "webhooks:read",
)
ADMIN_KEY_NAME = "Sandbox admin"

STAGES: tuple[tuple[str, TerminalKind | None], ...] = (
    ("Applied", None),
    ("Application Review", None),
    ("First Interview", None),
    ("Manager Review", None),
    ("Offer", None),
    ("Hired", "hired"),
    ("Rejected", "rejected"),
    ("Withdrawn", "withdrawn"),
)

JOBS = (
    ("Customer Support Specialist", "Support", "Leeds, United Kingdom", "REQ-2041"),
    ("Sales Development Representative", "Sales", "Remote, United States", "REQ-2057"),
    ("Warehouse Associate", "Logistics", "Rotterdam, Netherlands", "REQ-1988"),
)

COMPLETION_OPTIONS = (
    "Invited",
    "In progress",
    "Completed",
    "In review",
    "Expired",
    "Withdrawn",
    "Alternative requested",
    "Not scored by AI",
)
BAND_OPTIONS = ("Strong evidence", "Solid evidence", "Mixed evidence", "Limited evidence", "Not enough evidence")

FIELDS: tuple[tuple[str, str, FieldKind, tuple[str, ...], int | None], ...] = (
    ("interview_completion", "Interview completion", "select", COMPLETION_OPTIONS, None),
    ("interview_band", "Interview band", "select", BAND_OPTIONS, None),
    ("interview_score", "Interview score", "number", (), None),
    ("interview_subscores", "Interview subscores", "long_text", (), 1000),
    ("interview_summary", "Interview summary", "long_text", (), 1000),
    ("interview_link", "Interview link", "url", (), None),
    ("interview_audit_ref", "Interview audit reference", "text", (), 80),
)

PEOPLE = (
    # first name, last name, address, phone, locale, time zone, job, stage, source
    ("Amara", "Okafor", "amara.okafor", "+44 7700 900142", "en-GB", "Europe/London", 0, 1, "Careers page"),
    ("Mateusz", "Zieliński", "mateusz.zielinski", "+44 7700 900317", "pl-PL", "Europe/London", 0, 1, "Referral"),
    ("Priya", "Raman", "priya.raman", "+44 7700 900468", "en-GB", "Europe/London", 0, 0, "Job board"),
    ("Siobhán", "Byrne", "siobhan.byrne", "+44 7700 900533", "en-IE", "Europe/Dublin", 0, 3, "Careers page"),
    ("DeShawn", "Carter", "deshawn.carter", "+1 202 555 0114", "en-US", "America/New_York", 1, 1, "Job board"),
    ("Lucía", "Fernández", "lucia.fernandez", "+1 202 555 0162", "es-US", "America/Denver", 1, 1, "Referral"),
    ("Hannah", "Lindqvist", "hannah.lindqvist", "+1 202 555 0187", "en-US", "America/Chicago", 1, 0, "Careers page"),
    ("Yusuf", "Demir", "yusuf.demir", "+1 202 555 0193", "en-US", "America/Los_Angeles", 1, 4, "Sourced"),
    ("Noor", "El-Sayed", "noor.el-sayed", "+31 20 555 0126", "nl-NL", "Europe/Amsterdam", 2, 1, "Job board"),
    ("Thuy", "Nguyen", "thuy.nguyen", "+31 20 555 0149", "nl-NL", "Europe/Amsterdam", 2, 0, "Walk-in"),
)


class Pilot(Struct, frozen=True, kw_only=True):
    """Ids of what was seeded: applications in the order of :data:`PEOPLE`, jobs in the order of :data:`JOBS`."""

    job_ids: tuple[str, ...]
    application_ids: tuple[str, ...]


def seed_pilot(
    store: Store,
    *,
    api_key: str,
    admin_key: str | None = None,
    webhook_url: str | None = None,
    webhook_secret: str = "",
) -> Pilot:
    """Fill an empty store; on a store that has jobs, only bring keys and webhook up to date.

    Raises:
        Problem: a key is too short, or a webhook has no secret.
    """
    with store.transaction():
        keys.ensure_key(store, name=KEY_NAME, value=api_key, scopes=KEY_SCOPES)
        if admin_key is not None:
            keys.ensure_key(store, name=ADMIN_KEY_NAME, value=admin_key, scopes=("admin",))
        if not jobs.list_jobs(store):
            _fill(store)
        if webhook_url is not None:
            webhooks.ensure_webhook(store, url=webhook_url, secret=webhook_secret)
    rows = applications.list_changed(store, updated_after=None, after=None, limit=1000, job_id=None)
    return Pilot(
        job_ids=tuple(job.id for job in jobs.list_jobs(store)),
        application_ids=tuple(sorted(row.id for row in rows)),
    )


def company(store: Store) -> str:
    """Name of the company that uses this ATS."""
    row = store.row("SELECT value FROM facts WHERE key = 'company'")
    return row["value"] if row else "Sandbox"


def _fill(store: Store) -> None:
    store.write("INSERT INTO facts (key, value) VALUES ('company', ?)", COMPANY)
    made = [
        jobs.create_job(
            store, title=title, department=department, location=location, requisition_ref=requisition, stages=STAGES
        )
        for title, department, location, requisition in JOBS
    ]
    for key, name, kind, options, max_length in FIELDS:
        fields.create_field(store, key=key, name=name, kind=kind, options=options, max_length=max_length)
    for first, last, address, phone, locale, time_zone, job, stage, source in PEOPLE:
        person = candidates.create_candidate(
            store,
            first_name=first,
            last_name=last,
            emails=[f"{address}@example.com"],
            phones=[phone],
            locale=locale,
            time_zone=time_zone,
        )
        applied = applications.create_application(
            store, candidate_id=person.id, job_id=made[job].id, source=source, actor="Careers site"
        )
        steps = jobs.list_stages(store, made[job].id)[1 : stage + 1]
        for step in steps:
            applications.move(store, applied.id, step.id, actor="Robin Recruiter")
