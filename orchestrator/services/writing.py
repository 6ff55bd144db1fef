"""Everything that writes to the ATS, put together."""

from collections.abc import Mapping

from orchestrator.config.schema import Configuration
from orchestrator.db.session import Database
from orchestrator.ports import Clock
from orchestrator.services.connections import Connections, SyncLog
from orchestrator.services.field_check import FieldCheck
from orchestrator.services.writeback import WritingBack
from rubrics.schema import Rubric


def writing_back(
    database: Database,
    clock: Clock,
    configuration: Configuration,
    rubrics: Mapping[str, Rubric],
    connections: Connections,
    sync: SyncLog,
    base_url: str,
) -> WritingBack:
    """Put it together; ``base_url`` is that of our links."""
    fields = FieldCheck(database=database, clock=clock, configuration=configuration, rubrics=rubrics, base_url=base_url)
    return WritingBack(database=database, clock=clock, connections=connections, sync=sync, fields=fields)
