"""A terminal on a fresh, migrated database with the demo company's configuration."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from tests.integration.cli.terminal import Terminal


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """A copy of the demo company's evenhand.yaml."""
    path = tmp_path / "evenhand.yaml"
    shutil.copyfile(str(files("orchestrator.demo") / "evenhand.yaml"), path)
    return path


@pytest.fixture
def terminal(sqlite_url: str, configuration: Path) -> Terminal:
    """A terminal with every variable that a command needs."""
    return Terminal(
        url=sqlite_url,
        environment={
            "EVENHAND_DATABASE_URL": sqlite_url,
            "EVENHAND_CONFIG": str(configuration),
            "EVENHAND_BASE_URL": "http://127.0.0.1:8400",
            "EVENHAND_SECRET_KEY": "a secret of forty characters for the tests",
            "EVENHAND_SANDBOX_API_KEY": "an api key for the tests",
            "EVENHAND_SANDBOX_WEBHOOK_SECRET": "a webhook secret for the tests",
        },
    )
