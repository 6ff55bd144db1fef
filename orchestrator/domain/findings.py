"""What ``evenhand doctor`` finds: stable codes, how bad each is, and what a finding says."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct


class Severity(StrEnum):
    """How bad a finding is, the worst first."""

    ERROR = "error"  # something does not work, or will not
    WARNING = "warning"  # it works, and somebody should look
    INFO = "info"  # good to know


class Code(StrEnum):
    """Stable: they stand in scripts and in the documentation."""

    ATS_UNREACHABLE = "ats_unreachable"
    ATS_IN_CLEAR = "ats_in_clear"
    ATS_RATE_LIMITED = "ats_rate_limited"
    ATS_SPEAKS_OTHERWISE = "ats_speaks_otherwise"
    ATS_REFUSED = "ats_refused"
    CREDENTIALS_REJECTED = "credentials_rejected"
    CREDENTIALS_EXPIRE = "credentials_expire"
    CREDENTIAL_KEY_MISSING = "credential_key_missing"
    SCOPE_MISSING = "scope_missing"
    SCOPE_UNNEEDED = "scope_unneeded"
    SCOPES_UNTOLD = "scopes_untold"
    PERMISSION_MISSING = "permission_missing"
    CLOCK_SKEWED = "clock_skewed"
    CONNECTION_PAUSED = "connection_paused"
    STOPPED_BY_HAND = "stopped_by_hand"
    TURNS_EXHAUSTED = "turns_exhausted"
    POLL_STOPPED = "poll_stopped"
    WEBHOOK_SECRET_MISSING = "webhook_secret_missing"  # noqa: S105 - a code, no secret
    WEBHOOK_MISSING = "webhook_missing"
    WEBHOOK_ELSEWHERE = "webhook_elsewhere"
    WEBHOOK_DISABLED = "webhook_disabled"
    WEBHOOK_SILENT = "webhook_silent"
    WEBHOOK_LOSSY = "webhook_lossy"
    APPLICATION_MISSED = "application_missed"
    DELIVERIES_REFUSED = "deliveries_refused"
    ORDERS_WITHOUT_PROGRAM = "orders_without_program"
    ORDERS_NEVER = "orders_never"
    ORDERS_REFUSED = "orders_refused"
    ORDERS_MAY_DOUBLE = "orders_may_double"
    ORDERS_STUCK = "orders_stuck"
    ORDERS_HELD = "orders_held"
    ORDER_REPORTS_LATE = "order_reports_late"
    OFFERS_NOT_PUBLISHED = "offers_not_published"
    STAGE_UNMAPPED = "stage_unmapped"
    STAGE_GONE = "stage_gone"
    STAGE_MAPPED_TWICE = "stage_mapped_twice"
    STAGE_CONTRADICTED = "stage_contradicted"
    TRIGGER_STAGE_MISSING = "trigger_stage_missing"
    FIELD_MISSING = "field_missing"
    FIELD_TYPE_WRONG = "field_type_wrong"
    FIELD_TOO_SHORT = "field_too_short"
    FIELD_OPTION_MISSING = "field_option_missing"
    NOTE_NOT_PRIVATE = "note_not_private"
    NOTE_FOR_TEAM = "note_for_team"
    NOTE_TOO_SHORT = "note_too_short"
    DATABASE_UNREACHABLE = "database_unreachable"
    DATABASE_NOT_MIGRATED = "database_not_migrated"
    DATABASE_NOT_WRITABLE = "database_not_writable"
    DISK_NEARLY_FULL = "disk_nearly_full"
    WORKER_MISSING = "worker_missing"
    WORK_OVERDUE = "work_overdue"
    DEAD_LETTERS = "dead_letters"
    MAIL_UNREACHABLE = "mail_unreachable"
    MAIL_NOT_PROTECTED = "mail_not_protected"
    MAIL_SIGN_IN_REFUSED = "mail_sign_in_refused"
    MAIL_SENDER_REFUSED = "mail_sender_refused"
    MAIL_IN_CLEAR = "mail_in_clear"
    MAIL_SENDER_LOCAL = "mail_sender_local"
    MODEL_UNREACHABLE = "model_unreachable"
    MODEL_KEY_REFUSED = "model_key_refused"
    MODEL_UNKNOWN = "model_unknown"
    MODEL_IN_CLEAR = "model_in_clear"
    GRADER_EMBEDDED = "grader_embedded"
    BASE_URL_IN_CLEAR = "base_url_in_clear"
    BASE_URL_LOCAL = "base_url_local"
    SECRET_KEY_WEAK = "secret_key_weak"  # noqa: S105 - a code, no secret
    RETENTION_NOT_SET = "retention_not_set"
    NOTICE_WITHOUT_PRIVACY = "notice_without_privacy"


WARNINGS = frozenset(
    {
        Code.ATS_RATE_LIMITED,
        Code.CREDENTIALS_EXPIRE,
        Code.SCOPE_UNNEEDED,
        Code.CLOCK_SKEWED,
        Code.STOPPED_BY_HAND,
        Code.TURNS_EXHAUSTED,
        Code.WEBHOOK_SECRET_MISSING,
        Code.WEBHOOK_MISSING,
        Code.WEBHOOK_ELSEWHERE,
        Code.WEBHOOK_DISABLED,
        Code.WEBHOOK_SILENT,
        Code.WEBHOOK_LOSSY,
        Code.APPLICATION_MISSED,
        Code.DELIVERIES_REFUSED,
        Code.ORDERS_WITHOUT_PROGRAM,
        Code.ORDERS_REFUSED,
        Code.ORDERS_MAY_DOUBLE,
        Code.ORDERS_HELD,
        Code.STAGE_UNMAPPED,
        Code.STAGE_GONE,
        Code.STAGE_CONTRADICTED,
        Code.FIELD_TOO_SHORT,
        Code.NOTE_TOO_SHORT,
        Code.DISK_NEARLY_FULL,
        Code.WORK_OVERDUE,
        Code.DEAD_LETTERS,
        Code.MAIL_IN_CLEAR,
        Code.MAIL_SENDER_LOCAL,
        Code.MODEL_UNKNOWN,
        Code.MODEL_IN_CLEAR,
        Code.SECRET_KEY_WEAK,
        Code.RETENTION_NOT_SET,
        Code.NOTICE_WITHOUT_PRIVACY,
    }
)
INFORMATION = frozenset({Code.SCOPES_UNTOLD, Code.ORDERS_NEVER, Code.NOTE_FOR_TEAM, Code.GRADER_EMBEDDED})

USUAL: Mapping[Code, Severity] = {
    code: Severity.WARNING if code in WARNINGS else Severity.INFO if code in INFORMATION else Severity.ERROR
    for code in Code
}
"""How bad each usually is; a few warnings become errors where nothing else helps out."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: what, why, and what mends it. No secret stands in it. PII class: none.

    ``connection`` is the key of the connection that it concerns, None for the installation; ``subject`` what of it.
    """

    code: Code
    severity: Severity
    connection: str | None
    subject: str
    reason: str
    mend: str


class Report(Struct, frozen=True, kw_only=True):
    """What one look found, the worst first. ``connections`` are those that were looked at."""

    at: datetime
    connections: tuple[str, ...]
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """How many findings are as bad as this."""
        return sum(finding.severity is severity for finding in self.findings)

    def failed(self, at_least: Severity) -> bool:
        """Whether anything is at least as bad as this."""
        order = list(Severity)
        return any(order.index(finding.severity) <= order.index(at_least) for finding in self.findings)


def report_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what ``evenhand doctor --json`` prints."""
    schema = msgspec.json.schema(Report)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Report of the doctor", **schema}


def found(
    code: Code, subject: str, reason: str, mend: str, *, connection: str | None = None, worse: bool = False
) -> Finding:
    """Make a finding; ``worse`` makes an error of what is usually a warning."""
    severity = Severity.ERROR if worse else USUAL[code]
    return Finding(code=code, severity=severity, connection=connection, subject=subject, reason=reason, mend=mend)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The worst first; what is equally bad stays in its order. Nothing is told twice."""
    order: Sequence[Severity] = list(Severity)
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: order.index(finding.severity)))


def shown(name: str) -> str:
    """A name from the ATS in quotation marks, on one line and not too long."""
    line = " ".join(name.split())
    return f"“{line[:77]}…”" if len(line) > 78 else f"“{line}”"  # noqa: PLR2004 - fits a line of a terminal


def listed(names: Iterable[str]) -> str:
    """Names in quotation marks, separated by commas."""
    return ", ".join(shown(name) for name in names)
