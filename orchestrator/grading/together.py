"""Several calls at once, of which either all count or none."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import TypeVar

T = TypeVar("T")


async def all_or_none(calls: Sequence[Coroutine[None, None, T]]) -> Sequence[T]:
    """Await all in order; the first failure ends the others, which would only cost money, and is raised."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
