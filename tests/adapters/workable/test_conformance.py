"""The Workable adapter passes the conformance suite, over HTTP to the simulator."""

import pytest

from tests.adapters.case import Case
from tests.adapters.suite import AdapterConformance
from tests.adapters.workable.world import WORKABLE_CASE


class TestWorkable(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return WORKABLE_CASE
