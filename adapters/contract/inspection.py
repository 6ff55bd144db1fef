"""What a connection can say about itself, for ``evenhand doctor``."""

from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct


class WebhookRegistration(Struct, frozen=True, kw_only=True):
    """A webhook as the ATS has it. ``url`` may carry a secret part: compare it, never print it whole."""

    url: str
    events: tuple[str, ...] = ()
    enabled: bool = True


class Inspection(Struct, frozen=True, kw_only=True):
    """What the ATS told; None where it does not tell this.

    ``account`` names the customer's account, ``acting_as`` the user of the credentials; ``scopes`` is what they may do;
    ``expires_at`` is when they end; ``server_time`` is the ATS's clock; ``webhooks`` is what is registered there.
    """

    account: str | None = None
    acting_as: str | None = None
    scopes: frozenset[str] | None = None
    expires_at: datetime | None = None
    server_time: datetime | None = None
    webhooks: tuple[WebhookRegistration, ...] | None = None


@runtime_checkable
class Inspector(Protocol):
    """A vendor that tells something about the connection itself. Reads only."""

    async def inspect(self) -> Inspection:
        """Ask the ATS about the account, the credentials and the webhooks; raises what any read raises."""
        ...
