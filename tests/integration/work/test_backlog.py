"""What an operator is told of the backlog is all that is open, whatever its state."""

from orchestrator.db.session import Database
from orchestrator.work.job import Job
from orchestrator.work.metrics import Metrics, measure
from orchestrator.work.queue import enqueue
from orchestrator.work.table import WorkState
from orchestrator.work.worker import Worker
from tests.fixtures.work import Note


async def test_what_runs_is_counted_beside_what_waits(database: Database) -> None:
    """While the head of a lane runs, the two behind it wait; nothing that is open is missing."""
    seen: list[Metrics] = []

    async def look(payload: Note, job: Job) -> None:
        async with database.reading() as session:
            seen.append(await measure(session))

    async with database.transaction() as tx:
        for number in range(3):
            await enqueue(tx, Note(number=number), lane="a")
    await Worker(database, {Note: look}, concurrency=1).run_until_idle()
    counted = [{row.state: (row.count, row.due) for row in metrics.backlog} for metrics in seen]
    assert counted == [
        {WorkState.QUEUED: (2, 2), WorkState.RUNNING: (1, 0)},
        {WorkState.QUEUED: (1, 1), WorkState.RUNNING: (1, 0)},
        {WorkState.RUNNING: (1, 0)},
    ]
