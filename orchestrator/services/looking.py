"""What looks at everything that an ATS has: backfills, taking stock, and the audit of what is in the ATS."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.config.schema import Configuration
from orchestrator.db.session import Database
from orchestrator.ports import Clock
from orchestrator.services.auditing import Auditing
from orchestrator.services.backfill.backfilling import Backfilling
from orchestrator.services.backfill.judging import BackfillJudge
from orchestrator.services.backfill.steps import BackfillSteps
from orchestrator.services.connections import Connections, SyncLog
from orchestrator.services.kinds import AdvanceBackfill, ConsiderForBackfill
from orchestrator.services.stocktaking import Stocktaking, TakeStock
from orchestrator.services.surveying import Surveying
from orchestrator.services.triggering import Triggering
from orchestrator.work.job import Handler
from orchestrator.work.payload import Payload


@dataclass(frozen=True, slots=True)
class Looking:
    """The services, and the handlers of their work."""

    backfilling: Backfilling
    auditing: Auditing
    stocktaking: Stocktaking
    handlers: Mapping[type[Payload], Handler]


def looking(
    *,
    database: Database,
    clock: Clock,
    configuration: Configuration,
    connections: Connections,
    sync: SyncLog,
    triggering: Triggering,
) -> Looking:
    """Put them together."""
    surveying = Surveying(database=database, sync=sync)
    judge = BackfillJudge(configuration=configuration, clock=clock)
    steps = BackfillSteps(
        database=database,
        clock=clock,
        configuration=configuration,
        connections=connections,
        sync=sync,
        triggering=triggering,
        judge=judge,
    )
    backfilling = Backfilling(
        database=database,
        clock=clock,
        configuration=configuration,
        connections=connections,
        surveying=surveying,
        judge=judge,
    )
    stocktaking = Stocktaking(database=database, clock=clock, connections=connections, sync=sync)
    auditing = Auditing(
        database=database, clock=clock, configuration=configuration, connections=connections, surveying=surveying
    )
    return Looking(
        backfilling=backfilling,
        auditing=auditing,
        stocktaking=stocktaking,
        handlers={
            AdvanceBackfill: steps.advance,
            ConsiderForBackfill: steps.consider,
            TakeStock: stocktaking.advance,
        },
    )
