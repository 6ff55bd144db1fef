"""Bring a database to the newest schema, from the wheel or from a checkout."""

from alembic import command
from alembic.config import Config

from orchestrator.db.revisions import script_location as script_location


def upgrade(url: str, revision: str = "head") -> None:
    """Run every migration up to ``revision``. Not to be called from a running event loop."""
    config = Config()
    config.set_main_option("script_location", str(script_location()))
    config.attributes["url"] = url
    command.upgrade(config, revision)
