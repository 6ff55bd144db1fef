"""A reviewer's hands: what they press is counted, and what it would cost a person is reckoned from it.

The pace is that of the keystroke-level model (Card, Moran and Newell, 1980, "The keystroke-level model for user
performance time with interactive systems", CACM 23(7)): an average non-secretary typist, and a moment of thought before
each action. How long somebody reads the evidence is theirs and is in no figure.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from playwright.async_api import Page

KEY_SECONDS = 0.28
THOUGHT_SECONDS = 1.35


@dataclass
class Hands:
    """On the keyboard of one page. ``actions`` are steps that a person means as one: confirm; choose a band; say why."""

    page: Page
    actions: int = 0
    keys: int = 0
    _began: float = field(default_factory=monotonic)

    @contextmanager
    def action(self) -> Iterator[None]:
        """Whatever is pressed inside is one action, and has to be at least one key."""
        before = self.keys
        self.actions += 1
        yield
        assert self.keys > before

    async def press(self, *keys: str) -> None:
        """One key after the other; a key with modifiers counts each of them."""
        for key in keys:
            await self.page.keyboard.press(key)
            self.keys += len(key.split("+"))

    async def type(self, words: str) -> None:
        """Write something."""
        await self.page.keyboard.type(words)
        self.keys += len(words)

    @property
    def seconds(self) -> float:
        """Since the hands were laid on the keys: what the product took, and what the keys and the thoughts would take."""
        return monotonic() - self._began + self.keys * KEY_SECONDS + self.actions * THOUGHT_SECONDS
