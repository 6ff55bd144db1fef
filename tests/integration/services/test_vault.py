"""Stored credentials: encrypted, listed by name, bound to evenhand.yaml, and encrypted anew with a newer key (A1)."""

import asyncio
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from adapters.contract.tokens import Tokens
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.credential import SecretRow
from orchestrator.db.repositories.credentials import ends, keep_end
from orchestrator.db.session import Database
from orchestrator.errors import InputInvalid, Missing, SettingsInvalid
from orchestrator.ports import SystemClock
from orchestrator.services.credentials.sealing import KeyRing, new_key
from orchestrator.services.credentials.vault import Vault
from tests.integration.services.locks import somebody_waits
from tests.integration.services.renewing import store

OLD, NEW = new_key(), new_key()
VALUE = "sk-a-secret-of-the-customer"


def vault(database: Database, *keys: str) -> Vault:
    """On one connection that can have two credentials."""
    return Vault(
        database=database, clock=SystemClock(), ring=KeyRing(keys), known={"north": ["api_key", "client_secret"]}
    )


async def test_a_value_goes_in_and_is_nowhere_in_the_clear(database: Database) -> None:
    """Not in its row, not in the audit chain, not in the list; the name and who set it are."""
    kept = vault(database, OLD)
    await kept.put("north", "api_key", f" {VALUE}\n", actor="cli")
    assert await kept.values() == {("north", "api_key"): VALUE}
    [listed] = await kept.listed()
    assert (listed.connection, listed.name, listed.set_by) == ("north", "api_key", "cli")
    async with database.reading() as session:
        [row] = (await session.scalars(sa.select(SecretRow))).all()
        [event] = (await session.scalars(sa.select(AuditRow))).all()
    assert VALUE not in row.sealed + repr(event.event) + repr(listed)
    assert (event.tag, event.subject) == ("operations:credential:set", "north/api_key")


async def test_setting_again_replaces(database: Database) -> None:
    """One credential of a name."""
    kept = vault(database, OLD)
    for value in ("first", "second"):
        await kept.put("north", "api_key", value, actor="cli")
    assert await kept.values() == {("north", "api_key"): "second"}


@pytest.mark.parametrize(
    ("connection", "name", "value", "error"),
    [
        ("south", "api_key", VALUE, Missing),
        ("north", "api_kye", VALUE, InputInvalid),
        ("north", "api_key", "  ", InputInvalid),
    ],
)
async def test_what_nobody_could_use_is_refused(
    database: Database, connection: str, name: str, value: str, error: type[Exception]
) -> None:
    """A misspelt name would be found out at the next start otherwise, by a process that does not come up."""
    with pytest.raises(error):
        await vault(database, OLD).put(connection, name, value, actor="cli")
    assert await vault(database).listed() == ()


async def test_without_a_key_nothing_is_stored(database: Database) -> None:
    """Never in the clear."""
    with pytest.raises(SettingsInvalid, match="EVENHAND_CREDENTIAL_KEYS is not set"):
        await vault(database).put("north", "api_key", VALUE, actor="cli")


async def test_removing(database: Database) -> None:
    """It is gone, and that it was removed is kept; a second time there is nothing to remove."""
    kept = vault(database, OLD)
    await kept.put("north", "api_key", VALUE, actor="cli")
    await kept.remove("north", "api_key", actor="cli")
    assert await kept.listed() == ()
    with pytest.raises(Missing):
        await kept.remove("north", "api_key", actor="cli")


async def test_after_rotation_the_old_key_can_go(database: Database) -> None:
    """Credentials and tokens open with the newest key alone, and a second rotation finds nothing to do."""
    await vault(database, OLD).put("north", "api_key", VALUE, actor="cli")
    tokens = Tokens(access="access", refresh="refresh")
    async with database.transaction() as tx:
        await store(database, OLD).connect(tx, tokens, actor="account:1")
    assert await vault(database, NEW, OLD).rotate(actor="cli") == 2
    assert await vault(database, NEW).values() == {("north", "api_key"): VALUE}
    assert await store(database, NEW).read() == tokens
    assert await vault(database, NEW).rotate(actor="cli") == 0


async def test_rotation_without_a_key_that_is_in_use_changes_nothing(database: Database) -> None:
    """All or nothing: half a rotation would leave two keys in use and nobody who knows it."""
    await vault(database, OLD).put("north", "api_key", VALUE, actor="cli")
    third = new_key()
    await vault(database, third, OLD).put("north", "client_secret", "another", actor="cli")
    with pytest.raises(SettingsInvalid, match="lacks the key"):
        await vault(database, NEW, OLD).rotate(actor="cli")
    assert await vault(database, third, OLD).values() == {
        ("north", "api_key"): VALUE,
        ("north", "client_secret"): "another",
    }


async def test_a_credential_that_is_set_during_a_rotation_is_not_undone(postgres_database: Database) -> None:
    """The rotation encrypts what was just set, and not what it replaced."""
    kept = vault(postgres_database, OLD)
    await kept.put("north", "api_key", VALUE, actor="cli")
    sealed = KeyRing([OLD]).seal("the newer one", about="credential north/api_key")
    async with postgres_database.transaction() as tx:
        await tx.session.execute(sa.update(SecretRow).values(sealed=sealed))
        rotation = asyncio.create_task(vault(postgres_database, NEW, OLD).rotate(actor="cli"))
        await somebody_waits(postgres_database)
    assert await rotation == 1
    assert await vault(postgres_database, NEW).values() == {("north", "api_key"): "the newer one"}


async def test_what_the_ats_said_of_the_end_goes_with_the_credential(database: Database) -> None:
    """Nobody is warned of the end of a credential that was replaced."""
    async with database.transaction() as tx:
        await keep_end(tx, "north", ends_at=datetime(2026, 3, 9, tzinfo=UTC), at=datetime(2026, 3, 2, tzinfo=UTC))
    await vault(database, OLD).put("north", "api_key", VALUE, actor="cli")
    async with database.reading() as session:
        assert await ends(session) == []


async def test_tokens_are_listed_and_can_be_removed(database: Database) -> None:
    """Whoever drops a key sees what still needs it; the tokens of a connection that is gone need not stay for ever."""
    async with database.transaction() as tx:
        await store(database, OLD).connect(tx, Tokens(access="access", refresh="refresh"), actor="account:1")
    kept = vault(database, NEW)
    [listed] = await kept.listed()
    assert (listed.connection, listed.name, listed.key) == ("north", "tokens", KeyRing([OLD]).newest)
    with pytest.raises(SettingsInvalid, match="lacks the key"):
        await kept.rotate(actor="cli")
    await kept.remove("north", "tokens", actor="cli")
    assert await kept.listed() == ()
    assert await kept.rotate(actor="cli") == 0
    with pytest.raises(Missing):
        await kept.remove("north", "tokens", actor="cli")
