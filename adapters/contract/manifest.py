"""What an adapter says of itself: title, authentication, capabilities, allowed hosts, limits."""

from enum import StrEnum

from msgspec import Struct


class Capability(StrEnum):
    """What a vendor lets us do. There is no capability that rejects, archives or disqualifies (N1)."""

    WEBHOOKS = "webhooks"
    SIGNED_WEBHOOKS = "signed_webhooks"
    POLLING = "polling"
    STAGES = "stages"
    CUSTOM_FIELDS = "custom_fields"
    CONDITIONAL_WRITES = "conditional_writes"
    NOTES = "notes"
    PRIVATE_NOTES = "private_notes"
    ADVANCE = "advance"


class Auth(StrEnum):
    """How requests to the ATS are authenticated."""

    API_KEY = "api_key"
    OAUTH_CLIENT_CREDENTIALS = "oauth_client_credentials"
    OAUTH_CODE = "oauth_code"


class RateLimit(Struct, frozen=True, kw_only=True):
    """Requests per second on average, and how many at once."""

    per_second: float
    burst: int


class Manifest(Struct, frozen=True, kw_only=True):
    """Facts about one vendor. ``hosts`` empty means: the host of the connection's base URL only."""

    key: str
    title: str
    auth: Auth
    capabilities: frozenset[Capability]
    rate_limit: RateLimit
    hosts: tuple[str, ...] = ()
    note_max_length: int | None = None
    answer_status: int = 202
