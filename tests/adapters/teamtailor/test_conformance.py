"""The Teamtailor adapter passes the conformance suite, over HTTP to a simulated account."""

import pytest

from tests.adapters.case import Case
from tests.adapters.suite import AdapterConformance
from tests.adapters.teamtailor.world import TEAMTAILOR_CASE


class TestTeamtailor(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return TEAMTAILOR_CASE
