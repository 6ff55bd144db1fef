"""The Merge adapter passes the conformance suite, over HTTP to the simulator."""

import pytest

from tests.adapters.case import Case
from tests.adapters.merge.world import MERGE_CASE
from tests.adapters.suite import AdapterConformance


class TestMerge(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return MERGE_CASE
