"""The sandbox adapter passes the conformance suite, over HTTP to a running sandbox."""

import pytest

from tests.adapters.case import Case
from tests.adapters.sandbox.world import SANDBOX_CASE
from tests.adapters.suite import AdapterConformance


class TestSandbox(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return SANDBOX_CASE
