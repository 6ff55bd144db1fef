"""The Recruitee adapter passes the conformance suite, over HTTP to the simulator."""

import pytest

from tests.adapters.case import Case
from tests.adapters.recruitee.world import RECRUITEE_CASE
from tests.adapters.suite import AdapterConformance


class TestRecruitee(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return RECRUITEE_CASE
