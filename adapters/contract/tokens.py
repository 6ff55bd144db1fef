"""OAuth tokens as they are kept between two requests and between two processes."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from msgspec import Struct
from typing_extensions import override


class Tokens(Struct, frozen=True, kw_only=True):
    """What a token endpoint gave. ``expires_at`` is when the access token ends, None where the vendor does not say."""

    access: str
    expires_at: datetime | None = None
    refresh: str | None = None

    @override
    def __repr__(self) -> str:
        # A representation may come into a log.
        return f"Tokens(expires_at={self.expires_at!r})"


class TokenTurn(Protocol):
    """The right to renew the tokens of one connection, held by one process at a time."""

    async def read(self) -> Tokens | None:
        """What is kept now; None before the first."""
        ...

    async def keep(self, tokens: Tokens) -> None:
        """Keep new tokens; they are on disk when this returns, so that a rotated refresh token is never lost to a crash."""
        ...


class TokenStore(Protocol):
    """Where the tokens of one connection are, shared by every process (some vendors end the old token with the new)."""

    async def read(self) -> Tokens | None:
        """What is kept now, without waiting for anybody."""
        ...

    def turn(self) -> AbstractAsyncContextManager[TokenTurn]:
        """Wait until nobody else renews, then renew."""
        ...
