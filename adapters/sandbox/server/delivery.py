"""The background sender: due deliveries go out, failed ones wait for their next turn, nothing is lost by a restart."""

import asyncio
from datetime import timedelta
from functools import partial

from adapters.sandbox.server import webhooks
from adapters.sandbox.server.post import post, signed_headers
from adapters.sandbox.server.settings import Settings
from adapters.sandbox.server.store import Store
from adapters.sandbox.server.webhooks import Due

AT_ONCE = 16
LONGEST_NAP = timedelta(seconds=5)


class Dispatcher:
    """Sends what is due, several at a time, until cancelled. One per store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._woken = asyncio.Event()
        self._sending: dict[int, asyncio.Task[None]] = {}
        store.wake = self._woken.set

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                self._woken.clear()
                self._start_due()
                await self._nap()
        finally:
            for task in self._sending.values():
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)

    def _start_due(self) -> None:
        for due in webhooks.due(self._store, limit=2 * AT_ONCE):
            if due.number not in self._sending and len(self._sending) < AT_ONCE:
                task = asyncio.create_task(self._send(due))
                self._sending[due.number] = task
                task.add_done_callback(partial(self._finished, due.number))

    def _finished(self, number: int, _: asyncio.Task[None]) -> None:
        del self._sending[number]
        self._woken.set()

    async def _nap(self) -> None:
        full = len(self._sending) >= AT_ONCE
        due_at = None if full else webhooks.next_due_at(self._store, sending=self._sending)
        wait = LONGEST_NAP if due_at is None else min(LONGEST_NAP, due_at - self._store.now())
        try:
            await asyncio.wait_for(self._woken.wait(), max(0.005, wait.total_seconds()))
        except TimeoutError:
            return

    async def _send(self, due: Due) -> None:
        headers = signed_headers(secret=due.secret, event_id=due.event_id, body=due.body, at=self._store.now())
        try:
            status = await post(due.url, headers=headers, body=due.body, timeout=self._settings.delivery_timeout)
        except (OSError, ValueError) as error:  # ValueError: an overlong status line or an impossible URL
            delivered, answer = False, type(error).__name__
        else:
            delivered, answer = status // 100 == 2, str(status)  # noqa: PLR2004 - 2xx
        schedule = self._settings.retry_schedule
        retry_in = schedule[due.attempts] if due.attempts < len(schedule) else None
        webhooks.settle(self._store, due.number, delivered=delivered, answer=answer, retry_in=retry_in)
