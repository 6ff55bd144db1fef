"""The Odoo adapter passes the conformance suite, over HTTP to a simulated Odoo 19."""

import pytest

from tests.adapters.case import Case
from tests.adapters.odoo.world import ODOO_CASE
from tests.adapters.suite import AdapterConformance


class TestOdoo(AdapterConformance):
    """Every case of the suite."""

    @pytest.fixture
    def case(self) -> Case:
        return ODOO_CASE
