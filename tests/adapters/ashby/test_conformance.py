"""The Ashby adapter passes the conformance suite, over HTTP to a model of Ashby."""

import pytest

from tests.adapters.ashby.world import ASHBY_CASE
from tests.adapters.case import Case
from tests.adapters.suite import AdapterConformance


class TestAshby(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return ASHBY_CASE
