"""What people choose for a case, and what becomes of that, in the audit log."""

from datetime import datetime

from orchestrator.db.models.scoring import HeldDecisionRow
from orchestrator.db.session import Transaction
from orchestrator.domain.audit import AuditEvent


def log_choice(tx: Transaction, actor: str, what: str, row: HeldDecisionRow, now: datetime, **facts: object) -> None:
    """Log as ``account:case:WHAT`` about the interview; ``facts`` are added to what was chosen."""
    details = {"case": row.case_id.hex, "verdict": row.verdict.value, "band": row.band, **facts}
    if row.final_at is not None and what == "decided":
        details["final_at"] = row.final_at.isoformat()
    subject = str(row.interview_id)
    tx.audit(AuditEvent(at=now, actor=actor, tag=f"account:case:{what}", subject=subject, details=details))
