"""The Kombo adapter passes the conformance suite, over HTTP to the simulator.

Two things are different here, and the quality file says so: deliveries name nobody, and notes cannot be read back.
"""

import pytest
from typing_extensions import override

from adapters.contract.delivery import SomethingChanged
from adapters.contract.errors import NotFound, OutcomeUnknown, Unsupported
from adapters.contract.model import Visibility
from tests.adapters.case import Case, connected
from tests.adapters.kombo.world import KOMBO_CASE, KomboWorld
from tests.adapters.suite import AdapterConformance


class TestKombo(AdapterConformance):
    """Every case of the suite; those that read a note back are other ones."""

    @pytest.fixture
    def case(self) -> Case:
        return KOMBO_CASE

    @override
    def test_event_stage_changed(self, case: Case) -> None:
        """That something changed is kept under its name and id, to poll for; it names no application."""
        (event,) = self.parse(case, case.stage_changed)
        assert event == SomethingChanged(kind="data-changed", delivery_id="6PBWbNuXbzT2xLJrU1Wv9PTH")

    @override
    async def test_notes(self, case: Case) -> None:
        """A note is added as it was given; that none can be listed is said, and not that there is none."""
        async with case.running() as world, connected(case, world) as adapter:
            assert isinstance(world, KomboWorld)
            await adapter.add_note(world.application_id, "first", visibility=Visibility.TEAM)
            with pytest.raises(Unsupported):
                await adapter.list_notes(world.application_id)
            with pytest.raises(NotFound):
                await adapter.list_notes("nobody")
            assert [(where, note["content"]) for where, note in world.kombo.notes] == [(world.application_id, "first")]

    @override
    async def test_outcome_unknown(self, case: Case) -> None:
        """When the answer to a committed note is lost, it stands there once and the outcome is unknown."""
        async with case.running() as world, connected(case, world) as adapter:
            assert isinstance(world, KomboWorld)
            await world.lose_next_answer()
            with pytest.raises(OutcomeUnknown):
                await adapter.add_note(world.application_id, "once", visibility=Visibility.TEAM)
            assert [note["content"] for _, note in world.kombo.notes] == ["once"]
