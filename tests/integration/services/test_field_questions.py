"""Many who ask at once whether what they have fits: what is asked, what is believed meanwhile, and for how long."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

from msgspec import structs
from typing_extensions import override

from adapters.contract.errors import Unavailable
from adapters.contract.model import FieldDefinition, FieldValue
from adapters.sandbox.adapter import SandboxAdapter
from orchestrator.main import vocabulary
from orchestrator.services.connections import AtsConnection
from orchestrator.services.exchange import Conversation
from orchestrator.services.field_check import DOUBTED, TRUSTED, UNSURE, FieldCheck
from orchestrator.work.outcome import Retry, TokenDenied
from rubrics.schema import Rubric
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import API_KEY
from tests.integration.services.test_field_check import BAND, COMPLETION, CountingList, set_options

INVITED = {COMPLETION: "Invited"}


class Slow(CountingList):
    """The same, which answers when it is let; so that many can ask at once."""

    def __init__(self, base_url: str, api_key: str) -> None:
        super().__init__(base_url, api_key)
        self.let = asyncio.Event()

    @override
    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        self.asked += 1
        await self.let.wait()
        if self.refuses is not None:
            raise self.refuses
        return await SandboxAdapter.list_fields(self)


class Line:
    """A conversation in which every request has its turn at once."""

    @asynccontextmanager
    async def pull(self, *_: object, **__: object) -> AsyncIterator[None]:
        """Let it be made."""
        yield


class Asking:
    """Many who ask at once whether what they have fits."""

    def __init__(self, house: House, rubrics: Mapping[str, Rubric] | None = None) -> None:
        runtime = house.runtime
        self.adapter = Slow(house.sandbox.base_url, API_KEY)
        settings = runtime.configuration.connections[0]
        self.connection = AtsConnection(settings=settings, adapter=self.adapter, webhook_secrets=())
        self.check = FieldCheck(
            database=runtime.database,
            clock=house.clock,
            configuration=runtime.configuration,
            rubrics=rubrics or vocabulary()[1],
            base_url=house.url,
        )

    def start(
        self, values: Mapping[str, FieldValue], program: str = "support-pilot", since: datetime | None = None
    ) -> asyncio.Task[Retry | None]:
        """Ask; the answer comes later."""
        line = cast("Conversation", Line())
        return asyncio.create_task(self.check.held(line, self.connection, values, program=program, since=since))

    async def ask(
        self,
        values: Mapping[str, FieldValue] = INVITED,
        program: str = "support-pilot",
        since: datetime | None = None,
    ) -> str:
        """Ask and be answered: why it waits, or nothing."""
        held = await self.start(values, program, since)
        return held.reason if held else ""

    async def until_asked(self, times: int) -> None:
        """Until the ATS was asked so often."""
        for _ in range(1000):
            if self.adapter.asked >= times:
                return
            await asyncio.sleep(0.005)
        raise AssertionError("nobody asked")


async def test_what_was_seen_last_counts_while_the_ats_cannot_tell(sqlite_url: str, tmp_path: Path) -> None:
    """For a quarter of an hour, and until somebody says "go on"; then nothing is known, and nothing is held."""
    async with running_house(sqlite_url, tmp_path) as house:
        before = set_options(house, [])
        asking = Asking(house)
        asking.adapter.let.set()
        try:
            assert "it lacks" in await asking.ask()
            asking.adapter.refuses = Unavailable("away")
            house.clock.ahead += 2 * DOUBTED
            assert "it lacks" in await asking.ask()
            house.clock.ahead += 2 * TRUSTED
            assert await asking.ask() == ""
            asked = asking.adapter.asked
            house.clock.ahead += UNSURE / 2
            assert await asking.ask() == ""
            assert asking.adapter.asked == asked
            house.clock.ahead += UNSURE
            set_options(house, before)
            asking.adapter.refuses = None
            assert await asking.ask({COMPLETION: "Nothing of ours"}) != ""
            assert asking.adapter.asked == asked + 1
        finally:
            await asking.adapter.aclose()


async def test_a_refusal_that_cannot_be_explained_now_is_tried_again(sqlite_url: str, tmp_path: Path) -> None:
    """The ATS refuses a value and its definitions are not to be had just now: no dead letter, and attempts count."""
    async with running_house(sqlite_url, tmp_path) as house:
        asking = Asking(house)
        asking.adapter.let.set()
        try:
            assert await asking.ask() == ""
            asking.adapter.refuses = Unavailable("away")
            held = await asking.start(INVITED, since=house.clock.now())
            assert held is not None
            assert (held.counted, held.after) == (True, None)
            asking.adapter.refuses = None
            assert await asking.ask(since=house.clock.now()) == ""
        finally:
            await asking.adapter.aclose()


async def test_many_who_ask_at_once_ask_once(sqlite_url: str, tmp_path: Path) -> None:
    """What comes of the question, and that nothing does, is that of all who wait; who gives up leaves it to the next."""
    async with running_house(sqlite_url, tmp_path) as house:
        asking = Asking(house)
        asking.adapter.refuses = TokenDenied("sandbox", retry_after=1.0)
        try:
            first = asking.start(INVITED)
            await asking.until_asked(1)
            rest = [asking.start(INVITED) for _ in range(4)]
            await asyncio.sleep(0)
            first.cancel()
            await asking.until_asked(2)
            asking.adapter.let.set()
            ends = await asyncio.gather(*rest, return_exceptions=True)
            assert [type(end) for end in ends] == [TokenDenied] * 4
            assert (asking.adapter.asked, first.cancelled()) == (2, True)
            asking.adapter.refuses = None
            assert set(await asyncio.gather(*(asking.ask() for _ in range(4)))) == {""}
            assert asking.adapter.asked == 3
        finally:
            await asking.adapter.aclose()


async def test_another_program_holds_nothing_up(sqlite_url: str, tmp_path: Path) -> None:
    """A band of which one program's rubric speaks is missing: only what has it waits."""
    rubrics = dict(vocabulary()[1])
    strange = rubrics["sales/sdr-first-interview"]
    bands = (structs.replace(strange.bands[0], label="Splendid"), *strange.bands[1:])
    rubrics[strange.id] = structs.replace(strange, bands=bands)
    async with running_house(sqlite_url, tmp_path) as house:
        asking = Asking(house, rubrics)
        asking.adapter.let.set()
        try:
            assert await asking.ask({BAND: "Strong evidence"}, "support-pilot") == ""
            assert await asking.ask(INVITED, "sdr-pilot") == ""
            assert "“Splendid”" in await asking.ask({BAND: "Splendid"}, "sdr-pilot")
        finally:
            await asking.adapter.aclose()
