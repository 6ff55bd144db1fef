"""The Greenhouse adapter passes the conformance suite, over HTTP to a model of Greenhouse."""

import pytest

from tests.adapters.case import Case
from tests.adapters.greenhouse.world import GREENHOUSE_CASE
from tests.adapters.suite import AdapterConformance


class TestGreenhouse(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return GREENHOUSE_CASE
