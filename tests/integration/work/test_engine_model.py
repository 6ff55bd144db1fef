"""Whatever is done to the engine in whatever order, by live workers, zombies, people and dying processes: it is the model."""

import random

import pytest

from orchestrator.db.session import Database
from tests.fixtures.work import create_effects
from tests.integration.work.engine_model import Bench, Step
from tests.integration.work.engine_walk import Walk

WALKS = 12
STEPS = 80


@pytest.mark.long
async def test_the_engine_is_its_model(database: Database) -> None:
    """Claims, fences, lanes, leases, pauses, outages, people and killed transactions; compared after every step."""
    await create_effects(database)
    for seed in range(WALKS):
        random.seed(seed)
        bench = Bench(database)
        await bench.clean()
        walk = Walk(bench, seed)
        taken: list[Step] = []
        try:
            for _ in range(STEPS):
                taken.append(walk.step())
                await bench.take(taken[-1])
            await bench.drain()
        except AssertionError as error:
            error.add_note(f"seed {seed}, after the steps {taken}")
            raise
