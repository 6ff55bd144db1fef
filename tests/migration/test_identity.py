"""N7: a person is (connection, external id). An e-mail address is contact data, and no key."""

from datetime import UTC, datetime

import sqlalchemy as sa

from adapters.contract.model import Candidate
from orchestrator.db.models.application import CandidateRow
from orchestrator.db.repositories.intake import save_candidate
from orchestrator.db.session import Database

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def candidate(key: str, *emails: str) -> Candidate:
    """A candidate with this id."""
    return Candidate(id=key, first_name="Ada", last_name="Byron", emails=emails)


async def keep(database: Database, connection: str, person: Candidate) -> object:
    """Store what the ATS says of a person; the id of our row."""
    async with database.transaction() as tx:
        return await save_candidate(tx.session, connection=connection, candidate=person, at=NOW, refresh=True)


async def test_one_address_may_be_two_people(database: Database) -> None:
    """A shared address joins nobody, neither within a connection nor across two."""
    ids = {
        await keep(database, "one", candidate("1", "family@example.com")),
        await keep(database, "one", candidate("2", "family@example.com")),
        await keep(database, "two", candidate("1", "family@example.com")),
    }
    assert len(ids) == 3


async def test_one_person_may_change_the_address(database: Database) -> None:
    """The same id in the same connection is the same person, whatever the address is now."""
    first = await keep(database, "one", candidate("1", "old@example.com"))
    assert await keep(database, "one", candidate("1", "new@example.com")) == first
    async with database.reading() as session:
        [row] = (await session.scalars(sa.select(CandidateRow))).all()
    assert row.emails == ["new@example.com"]


async def test_no_address_is_unique_in_the_schema(sqlite_database: Database) -> None:
    """The only unique address is that of an account, with which people of the team sign in."""

    def unique(connection: sa.Connection) -> set[tuple[str, str]]:
        inspector = sa.inspect(connection)
        return {
            (table, column)
            for table in inspector.get_table_names()
            for constraint in inspector.get_unique_constraints(table)
            for column in constraint["column_names"]
            if "email" in column
        }

    async with sqlite_database.engine.connect() as connection:
        assert await connection.run_sync(unique) == {("account", "email")}
