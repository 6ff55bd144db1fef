"""Migrations: they build what the models say, on both databases, and can be taken back and made again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

import orchestrator.db.models
import orchestrator.work.table
from orchestrator.db.base import Base
from orchestrator.db.migrate import script_location, upgrade
from orchestrator.db.models.audit import AuditHead
from orchestrator.db.repositories.audit import verify_chain
from orchestrator.db.session import Database
from orchestrator.domain.audit import GENESIS

# Imported for the tables that they register.
REGISTERED = (orchestrator.db.models, orchestrator.work.table)


def configuration(url: str) -> Config:
    """Alembic on one database."""
    config = Config()
    config.set_main_option("script_location", str(script_location()))
    config.attributes["url"] = url
    return config


def migrate(url: str, *, down: str | None = None) -> None:
    """Upgrade, or downgrade to ``down``, in a thread: the migrations bring their own event loop."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(command.downgrade, configuration(url), down).result() if down else pool.submit(
            upgrade, url
        ).result()


def differences(connection: Connection) -> list[object]:
    """What autogenerate would still change."""
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata))


def tables(connection: Connection) -> set[str]:
    """Every table there is, but for Alembic's own."""
    return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


async def test_there_is_one_head() -> None:
    """Two branches of migrations would make "newest" mean two things."""
    script = ScriptDirectory.from_config(configuration("sqlite://"))
    assert len(script.get_heads()) == 1


async def test_every_file_is_named_for_its_time() -> None:
    """YYYY-MM-DD-HHMM_slug.py, so that a listing is in order."""
    names = sorted(path.name for path in (Path(script_location()) / "versions").glob("*.py"))
    assert names
    for name in names:
        stamp, _, slug = name.partition("_")
        assert [len(part) for part in stamp.split("-")] == [4, 2, 2, 4], name
        assert slug.removesuffix(".py"), name


async def test_down_and_up_again_gives_the_same_schema(database: Database) -> None:
    """Nothing of ours stays after the last downgrade, and the way up leads to exactly what the models say."""
    url = database.url.render_as_string(hide_password=False)
    migrate(url, down="base")
    async with database.engine.connect() as connection:
        assert await connection.run_sync(tables) == set()
    migrate(url)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(tables) == set(Base.metadata.tables)
        assert await connection.run_sync(differences) == []


async def test_second_upgrade_changes_nothing(database: Database) -> None:
    """Every process may upgrade at its start."""
    migrate(database.url.render_as_string(hide_password=False))
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_chain_has_its_head_after_coming_back(database: Database) -> None:
    """A migrated database has exactly one head, and its empty chain verifies."""
    url = database.url.render_as_string(hide_password=False)
    migrate(url, down="base")
    migrate(url)
    async with database.reading() as session:
        heads = (await session.execute(sa.select(AuditHead))).scalars().all()
        assert [(head.id, head.sequence, head.hash) for head in heads] == [(1, 0, "")]
        assert await verify_chain(session) == (0, GENESIS)


async def test_second_head_is_impossible(sqlite_database: Database) -> None:
    """The head's key is fixed, so a fork of the chain has nowhere to start."""
    with pytest.raises(sa.exc.IntegrityError):
        async with sqlite_database.transaction() as tx:
            await tx.session.execute(sa.insert(AuditHead).values(id=1, sequence=0, hash=""))
