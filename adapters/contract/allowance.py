"""What an ATS says is left of its limit: told by whoever hears it to whoever asks on behalf of the whole fleet."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec import Struct


class Allowance(Struct, frozen=True, kw_only=True):
    """So many requests are ``left`` for the next ``seconds``, None where the ATS does not say for how long.

    ``refused``: it refused a request for that. Else it only mentions it, and may speak of one kind of request.
    """

    left: int
    seconds: float | None = None
    refused: bool = False


Listener = Callable[[Allowance], None]

_listener: ContextVar[Listener | None] = ContextVar("allowance_listener", default=None)


@contextmanager
def listening(listener: Listener) -> Generator[None, None, None]:
    """In the block, also in tasks that it starts, the listener is called with what each answer says."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def tell(allowance: Allowance) -> None:
    """Tell whoever listens, if anybody does."""
    listener = _listener.get()
    if listener is not None:
        listener(allowance)
