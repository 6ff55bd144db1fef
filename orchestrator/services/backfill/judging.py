"""What becomes of one application in a backfill, from what the database knows of it. Changes nothing."""

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.model import Application
from orchestrator.config.schema import Configuration
from orchestrator.db.base import new_id
from orchestrator.db.repositories import backfills as rows
from orchestrator.db.repositories import intake, interviews
from orchestrator.db.repositories.caps import Started
from orchestrator.domain.backfill import Judgement, Wish, judge
from orchestrator.domain.trigger import History
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection


class Promised(Struct, frozen=True):
    """Places that a dry run has given away without taking them. It looks at all days to come, not at today."""

    places: int


class BackfillJudge:
    """Says what becomes of an application; asked by the dry run and, with the row locked, by the work itself."""

    def __init__(self, *, configuration: Configuration, clock: Clock) -> None:
        self._configuration = configuration
        self._started = Started()
        self._clock = clock

    async def judge(
        self,
        session: AsyncSession,
        connection: AtsConnection,
        wish: Wish,
        application: Application,
        *,
        promised: Promised | None = None,
    ) -> Judgement:
        """What becomes of the application as it was read a moment ago."""
        now = self._clock.now()
        programs = [one for one in self._configuration.programs if one.connection == connection.key]
        application_id, known = await rows.known(session, connection.key, application)
        history = await interviews.history(
            session,
            application_id=application_id or new_id(),
            programs=programs,
            started=self._started,
            now=now,
            # Before the first start everybody stands there early.
            live_since=await rows.live_moment(session, connection.key) or now,
        )
        if promised is not None:
            history = _planned(history, wish.program.key, promised.places)
        learnt = await intake.learnt_stages(session, connection.key)
        kind = connection.stage_map(learnt).kind_of(application.stage)
        return judge(wish, application, kind, programs, self._configuration.role_families, history, known)


def _planned(history: History, program: str, places: int) -> History:
    total = {**history.started_total, program: history.started_total.get(program, 0) + places}
    return replace(history, started_total=total, started_today={})
