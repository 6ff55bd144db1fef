"""The Kombo adapter passes the conformance suite, over HTTP to the simulator.

Two things are different here, and the quality file says so: deliveries name nobody, and notes cannot be read back.
"""

import httpx
import pytest
from typing_extensions import override

from adapters.contract.errors import Refused, Timeout, Unavailable
from adapters.contract.events import Unknown
from adapters.contract.model import Visibility
from tests.adapters.case import Case, connected, failing, status
from tests.adapters.kombo.world import KOMBO_CASE, KomboWorld
from tests.adapters.suite import AdapterConformance

LOST = (httpx.ReadTimeout("slow"), httpx.WriteTimeout("slow"), httpx.ReadError("x"), httpx.RemoteProtocolError("x"))


class TestKombo(AdapterConformance):
    """Every case of the suite; those that read a note back are other ones."""

    @pytest.fixture
    def case(self) -> Case:
        return KOMBO_CASE

    @override
    def test_event_stage_changed(self, case: Case) -> None:
        """That something changed is kept under its name and id; it names no application."""
        (event,) = self.parse(case, case.stage_changed)
        assert event == Unknown(kind="data-changed", delivery_id="6PBWbNuXbzT2xLJrU1Wv9PTH")

    @override
    @pytest.mark.parametrize("code", [500, 502, 503, 504])
    async def test_errors_server(self, case: Case, code: int) -> None:
        """A server error on a read is Unavailable; a note that may be there is refused, so that nobody sends it again."""
        for read in case.reads().values():
            with pytest.raises(Unavailable):
                await read(self.offline(case, status(code)))
        for write in case.writes().values():
            with pytest.raises(Refused) as refused:
                await write(self.offline(case, status(code)))
            assert refused.value.code == "outcome_unknown"

    @override
    async def test_errors_network(self, case: Case) -> None:
        """Before sending: Unavailable. After sending: Timeout or Unavailable on reads, no second note on writes."""
        for verb in (case.reads() | case.writes()).values():
            for unsent in (httpx.ConnectError("no"), httpx.ConnectTimeout("no"), httpx.PoolTimeout("no")):
                with pytest.raises(Unavailable):
                    await verb(self.offline(case, failing(unsent)))
        for read in case.reads().values():
            with pytest.raises(Timeout):
                await read(self.offline(case, failing(httpx.ReadTimeout("slow"))))
            with pytest.raises(Unavailable):
                await read(self.offline(case, failing(httpx.RemoteProtocolError("gone"))))
        for write in case.writes().values():
            for error in LOST:
                with pytest.raises(Refused) as refused:
                    await write(self.offline(case, failing(error)))
                assert refused.value.code == "outcome_unknown"

    @override
    async def test_notes(self, case: Case) -> None:
        """A note is added as it was given; none is ever listed."""
        async with case.running() as world, connected(case, world) as adapter:
            assert isinstance(world, KomboWorld)
            await adapter.add_note(world.application_id, "first", visibility=Visibility.TEAM)
            assert await adapter.list_notes(world.application_id) == ()
            assert [(where, note["content"]) for where, note in world.kombo.notes] == [(world.application_id, "first")]

    @override
    async def test_outcome_unknown(self, case: Case) -> None:
        """When the answer to a committed note is lost, it stands there once and a person is asked."""
        async with case.running() as world, connected(case, world) as adapter:
            assert isinstance(world, KomboWorld)
            await world.lose_next_answer()
            with pytest.raises(Refused) as refused:
                await adapter.add_note(world.application_id, "once", visibility=Visibility.TEAM)
            assert refused.value.code == "outcome_unknown"
            assert [note["content"] for _, note in world.kombo.notes] == ["once"]
