"""The SmartRecruiters adapter passes the conformance suite, over HTTP to a simulated account."""

import pytest

from tests.adapters.case import Case
from tests.adapters.smartrecruiters.world import SMARTRECRUITERS_CASE
from tests.adapters.suite import AdapterConformance


class TestSmartRecruiters(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return SMARTRECRUITERS_CASE
