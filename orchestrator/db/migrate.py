"""Bring a database to the newest schema, from the wheel or from a checkout."""

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config


def script_location() -> Path:
    """Where the migrations are: inside the installed package, or beside it in a checkout (an editable install)."""
    packaged = Path(str(files("orchestrator") / "migrations"))
    return packaged if packaged.is_dir() else Path(str(files("orchestrator"))).parent / "alembic"


def upgrade(url: str, revision: str = "head") -> None:
    """Run every migration up to ``revision``. Not to be called from a running event loop."""
    config = Config()
    config.set_main_option("script_location", str(script_location()))
    config.attributes["url"] = url
    command.upgrade(config, revision)
