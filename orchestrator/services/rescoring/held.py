"""Choices of later readings that are held: what is written down about them, and giving one up whose work never comes."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from orchestrator.db.models.adoption import AdoptionRow
from orchestrator.db.models.scoring import HeldState
from orchestrator.db.repositories import interviews
from orchestrator.db.session import Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.work.payload import Payload


class SettleAdoption(Payload, frozen=True, kw_only=True):
    """Put a later reading in the place of what stands, unless that was taken back."""

    kind: ClassVar[str] = "adoption.settle"
    adoption_id: uuid.UUID


async def lock_adoptions(tx: Transaction, adoption_ids: Iterable[uuid.UUID]) -> None:
    """Lock the interviews of what is held, before their work is changed: every writer takes locks in this order."""
    for adoption_id in sorted(adoption_ids):
        await _locked(tx, adoption_id)


async def give_up_adoption(tx: Transaction, adoption_id: uuid.UUID, *, actor: str, reason: str, now: datetime) -> None:
    """Give up what is held because its work never comes: what stood stands, and a reading can be chosen again.

    Nothing happens where it is no longer held. A first choice that it agreed with waits on.
    """
    row = await _locked(tx, adoption_id)
    if row is not None:
        row.state, row.ended_at = HeldState.DROPPED, now
        log_adoption(tx, actor, "dropped", row, now, reason=reason.strip())


def log_adoption(tx: Transaction, actor: str, what: str, row: AdoptionRow, at: datetime, **facts: object) -> None:
    """Write down in the audit chain what became of a choice."""
    details = {"rescoring": row.rescoring_id.hex, "adoption": row.id.hex, **facts}
    tag, subject = f"account:rescoring:{what}", str(row.interview_id)
    tx.audit(AuditEvent(at=at, actor=actor, tag=tag, subject=subject, details=details))


async def _locked(tx: Transaction, adoption_id: uuid.UUID) -> AdoptionRow | None:
    seen = await tx.session.get(AdoptionRow, adoption_id)
    if seen is None:
        return None
    await interviews.by_id(tx.session, seen.interview_id, lock=True)
    await tx.session.refresh(seen)
    return seen if seen.state is HeldState.HELD else None
