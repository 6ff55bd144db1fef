"""Requests of a vendor that want an answer of their own before anything is verified: handshakes and set-up tests."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct


class Answer(Struct, frozen=True, kw_only=True):
    """An HTTP answer: status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


@runtime_checkable
class Greeter(Protocol):
    """A vendor that proves at set-up that somebody listens, by a request that no secret can have signed yet."""

    def greet(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> Answer | None:
        """The answer to a handshake or a set-up test; None where this is an ordinary delivery.

        Nothing is stored of what is answered here, and nothing in it is believed.
        """
        ...
