"""What every test gets: fresh databases, and an environment without settings of the machine it runs on."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.fixtures.databases"]
# Shared suites are no test modules: without this their asserts would fail without saying what was compared.
pytest.register_assert_rewrite("tests.adapters.suite", "tests.adapters.main_job")

settings.register_profile(
    "evenhand", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("evenhand")

LONGEST_FIRST = (
    "integration/chaos/test_chaos.py",
    "acceptance/test_kill.py",
    "acceptance/test_deliveries.py",
    "acceptance/test_outage.py",
    "integration/work/test_engine_model.py",
    "integration/processes/test_rolling.py",
    "integration/services/test_write_back_properties.py",
    "fuzz/test_schema.py",
)
"""Files with tests of many seconds: one that began last would leave the other processes with nothing to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests begin first; everything else stays in its order, file by file."""
    ranks = {Path(__file__).parent / name: rank for rank, name in enumerate(LONGEST_FIRST)}
    assert [path.name for path in ranks if not path.is_file()] == []
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: no collection need walk through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _environment_without_settings() -> Iterator[None]:
    """EVENHAND_* of the machine must not reach the code under test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("EVENHAND_")]:
            patch.delenv(name)
        yield
