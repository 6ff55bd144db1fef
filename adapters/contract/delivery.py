"""What comes to our door beside news of one application: handshakes, set-up tests, and news that names nobody."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from adapters.contract.events import Unknown


class Answer(Struct, frozen=True, kw_only=True):
    """An HTTP answer: status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


class SomethingChanged(Unknown, frozen=True, kw_only=True, tag="something_changed"):
    """Something changed, and the delivery does not say which application: whoever gets it polls at once."""


@runtime_checkable
class Greeter(Protocol):
    """A vendor that proves at set-up that somebody listens, by a request that no secret can have signed yet."""

    def greet(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> Answer | None:
        """The answer to a handshake or a set-up test; None where this is an ordinary delivery.

        Nothing is stored of what is answered here, and nothing in it is believed.
        """
        ...
