"""The Lever adapter passes the conformance suite, over HTTP to a model of Lever."""

import pytest

from tests.adapters.case import Case
from tests.adapters.lever.world import LEVER_CASE
from tests.adapters.suite import AdapterConformance


class TestLever(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return LEVER_CASE
