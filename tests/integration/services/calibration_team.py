"""A small team with its gold items, for the tests of calibration."""

import uuid
from collections.abc import Mapping

from orchestrator.db.models.account import AccountRow, Role
from orchestrator.db.session import Database
from orchestrator.domain.calibration import Rating
from orchestrator.services.calibration.calibrating import Calibrating
from orchestrator.services.calibration.views import NewSession
from orchestrator.services.views import Account
from rubrics.loader import load_library
from rubrics.schema import content_hash
from tests.fixtures.house import MovableClock

LIBRARY = load_library()
RUBRIC = LIBRARY["customer-support/first-interview"]
DIGEST = content_hash(RUBRIC)
COMPETENCIES = [competency.id for competency in RUBRIC.competencies]
GOLD = ("steady-and-plain", "warm-but-thin", "few-words-strong-work", "uneven")
ADA, BEN, EVE = (
    Account(id=uuid.UUID(int=number), email=f"{name.lower()}@team.example", name=name, role=Role.RECRUITER)
    for number, name in enumerate(("Ada", "Ben", "Eve"), start=1)
)


async def staffed(database: Database, clock: MovableClock | None = None) -> Calibrating:
    """The service on a database that knows the team."""
    clock = clock or MovableClock()
    async with database.transaction() as tx:
        tx.session.add_all(
            AccountRow(
                id=one.id, email=one.email, name=one.name, role=one.role, password_hash="-", created_at=clock.now()
            )
            for one in (ADA, BEN, EVE)
        )
    return Calibrating(database, clock, LIBRARY, gold=None)


async def session_of(calibrating: Calibrating, *raters: Account, gold: tuple[str, ...] = GOLD[:2]) -> uuid.UUID:
    """Eve makes a session over gold items; its id."""
    new = NewSession(title="Practice", rubric=DIGEST, gold=gold, raters=tuple(one.id for one in raters))
    return await calibrating.make(new, actor=EVE)


def all_at(level: int | None, **others: int | None) -> Mapping[str, Rating]:
    """Every competency at one level, but for some."""
    return {key: Rating(others.get(key.replace("-", "_"), level)) for key in COMPETENCIES}


async def rate_all(calibrating: Calibrating, session_id: uuid.UUID, rater: Account, level: int | None) -> None:
    """Rate every item and hand in."""
    view = await calibrating.session(session_id, viewer=rater)
    for item in view.items:
        await calibrating.rate(session_id, item.position, all_at(level), actor=rater)
    await calibrating.hand_in(session_id, actor=rater)
