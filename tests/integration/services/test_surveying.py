"""A look at everything in an ATS takes hours: what passes does not end it, and a kill switch does."""

from collections import deque
from pathlib import Path

import pytest

from adapters.contract.errors import AuthRejected, RateLimited, Timeout, Unavailable
from orchestrator.db.models.stop import StopScope
from orchestrator.services.connections import SyncLog
from orchestrator.services.stopping import Reach
from orchestrator.services.surveying import TRIES, Surveying
from orchestrator.work.outcome import Stopped
from tests.fixtures.house import House, running_house
from tests.integration.services.rows import count


class Asked:
    """A question to the ATS that meets these errors, one after the other, before it is answered."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = deque(errors)
        self.times = 0

    async def __call__(self) -> str:
        self.times += 1
        if self.errors:
            raise self.errors.popleft()
        return "an answer"


async def ask(house: House, *questions: Asked) -> list[str]:
    """Ask as a look at everything does, one question after the other, without its patience."""
    database = house.runtime.database
    surveying = Surveying(database=database, sync=SyncLog(database, house.clock), hiccup=0.0)
    connection = house.runtime.connections.get("sandbox")
    return [await surveying.ask(connection, "read_application", question) for question in questions]


async def test_what_passes_does_not_end_it(sqlite_url: str, tmp_path: Path) -> None:
    """One answer that did not come must not throw away what an hour has read; each try stands in the sync log."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        question = Asked(Timeout("slow"), Unavailable("maintenance"), RateLimited("less", retry_after=0.0))
        assert await ask(house, Asked(), question) == ["an answer"] * 2
        assert question.times == 4
        assert await count(house.runtime.database, "SELECT count(*) FROM sync_entry") == 1 + question.times


@pytest.mark.parametrize("times", [TRIES, 1])
async def test_what_does_not_pass_is_told(sqlite_url: str, tmp_path: Path, times: int) -> None:
    """After some tries, and at once where another try changes nothing."""
    error = Unavailable("down") if times == TRIES else AuthRejected("no")
    question = Asked(*[error] * TRIES)
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        with pytest.raises(type(error)):
            await ask(house, Asked(), question)
    assert question.times == times


async def test_who_never_answered_is_told_at_once(sqlite_url: str, tmp_path: Path) -> None:
    """Whoever types a wrong address is not kept waiting for minutes; only being asked for patience is obeyed."""
    impatient, polite = Asked(Unavailable("nobody there")), Asked(RateLimited("less", retry_after=0.0))
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        with pytest.raises(Unavailable):
            await ask(house, impatient)
        assert await ask(house, polite) == ["an answer"]
    assert (impatient.times, polite.times) == (1, 2)


@pytest.mark.parametrize("reach", [Reach(StopScope.EVERYTHING), Reach(StopScope.CONNECTION, "sandbox")])
async def test_a_stop_ends_it(sqlite_url: str, tmp_path: Path, reach: Reach) -> None:
    """Also in the middle: whoever stops a connection finds no requests in the vendor's log an hour later."""
    question = Asked()
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        assert await ask(house, question) == ["an answer"]
        await house.runtime.services.stopping.stop(reach, reason="Their admin asked us to.", actor="cli")
        with pytest.raises(Stopped, match="stopped by hand"):
            await ask(house, question)
        with pytest.raises(Stopped):
            await house.runtime.looking.auditing.report("sandbox")
    assert question.times == 1
