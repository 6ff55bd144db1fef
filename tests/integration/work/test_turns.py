"""Turns at a connection: taken in the caller's transaction, spaced by the rate, given back with it."""

import pytest

from orchestrator.db.session import Database
from orchestrator.work.limits import RateLimit, ensure_buckets, reserve_turn, reserve_turns
from orchestrator.work.outcome import TokenDenied

KEY = "sandbox"


class Undone(Exception):
    """The caller's transaction does not come to its end."""


async def test_turns_are_spaced_by_the_rate(database: Database) -> None:
    """At two a second, after a burst of one: the second turn is half a second after the first, the third a second."""
    await ensure_buckets(database, {KEY: RateLimit(rate=2, burst=1)})
    async with database.transaction() as tx:
        waits = await reserve_turns(tx, KEY, count=3)
    assert waits == pytest.approx((0.0, 0.5, 1.0), abs=0.01)
    async with database.transaction() as tx:
        assert await reserve_turn(tx, KEY) == pytest.approx(1.5, abs=0.4)


async def test_a_turn_is_given_back_with_the_transaction(database: Database) -> None:
    """What is rolled back took nothing."""
    await ensure_buckets(database, {KEY: RateLimit(rate=0.001, burst=1)})

    async def undo() -> None:
        async with database.transaction() as tx:
            await reserve_turn(tx, KEY)
            raise Undone

    with pytest.raises(Undone):
        await undo()
    async with database.transaction() as tx:
        assert await reserve_turn(tx, KEY) == 0.0


async def test_only_the_first_turn_must_be_near(database: Database) -> None:
    """A slow connection with a small burst still serves work that needs several requests, and then others wait."""
    await ensure_buckets(database, {KEY: RateLimit(rate=0.1, burst=1)})
    async with database.transaction() as tx:
        assert await reserve_turns(tx, KEY, count=2) == pytest.approx((0.0, 10.0), abs=0.1)
        with pytest.raises(TokenDenied) as denied:
            await reserve_turn(tx, KEY)
        assert denied.value.retry_after >= 19
    async with database.transaction() as tx:
        assert await reserve_turns(tx, "no such limit", count=2) == (0.0, 0.0)
