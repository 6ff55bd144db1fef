"""The Merge adapter passes the conformance suite, over HTTP to the simulator."""

import pytest
from typing_extensions import override

from adapters.contract.errors import Refused
from adapters.contract.model import Visibility
from tests.adapters.case import Case, connected
from tests.adapters.merge.world import MERGE_CASE, MergeWorld
from tests.adapters.suite import AdapterConformance


class TestMerge(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return MERGE_CASE

    @override
    async def test_outcome_unknown(self, case: Case) -> None:
        """A note whose answer is lost is found where Merge lists it; where it does not, a person is asked, and none is doubled."""
        async with case.running() as world, connected(case, world) as adapter:
            assert isinstance(world, MergeWorld)
            await world.lose_next_answer()
            told = await adapter.add_note(world.application_id, "once", visibility=Visibility.PRIVATE)
            assert await adapter.list_notes(world.application_id) == (told,)
            world.merge.unlisted = True
            await world.lose_next_answer()
            with pytest.raises(Refused) as refused:
                await adapter.add_note(world.application_id, "hidden", visibility=Visibility.PRIVATE)
            assert refused.value.code == "outcome_unknown"
            assert [row["body"] for row in world.merge.activities] == ["once", "hidden"]
