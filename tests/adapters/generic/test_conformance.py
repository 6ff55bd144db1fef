"""The Generic adapter passes the conformance suite, over HTTP to the simulator."""

import pytest

from tests.adapters.case import Case
from tests.adapters.generic.world import GENERIC_CASE
from tests.adapters.suite import AdapterConformance


class TestGeneric(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return GENERIC_CASE
