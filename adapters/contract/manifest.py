"""What an adapter says of itself: title, authentication, capabilities, allowed hosts, limits, what a connection needs."""

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


class EntryIdentity(StrEnum):
    """What tells one entry into a stage from another on the re-read application (N3)."""

    HISTORY = "history"  # the vendor has an id for every visit of a stage
    TIME = "time"  # the vendor says when the stage was entered
    NONE = "none"  # neither: a new entry counts only after we saw the application elsewhere


class RateLimit(Struct, frozen=True, kw_only=True):
    """Requests per second on average, and how many at once."""

    per_second: float
    burst: int


class Need(Struct, frozen=True, kw_only=True):
    """Something that a connection must be given: ``title`` says to the customer's admin what it is and where it is found."""

    name: str
    title: str
    optional: bool = False


class Manifest(Struct, frozen=True, kw_only=True):
    """Facts about one vendor.

    ``hosts`` empty means: the host of the connection's base URL only. ``credentials`` are secrets and come from the
    environment or the encrypted store; ``options`` are not secret and stand in evenhand.yaml (the user in whose name is
    written, for example). ``scopes`` are what the credentials need, in the vendor's words, no less and no more.
    ``answer_status`` is what the vendor takes for an acknowledgement. ``reachable_results`` where a completed order
    needs a link that opens for people without an account with us. ``dates_entries`` where the ATS says of every entry into a
    stage when it was, without exception: whoever is found there needs no other evidence.
    """

    key: str
    title: str
    auth: Auth
    capabilities: frozenset[Capability]
    rate_limit: RateLimit
    hosts: tuple[str, ...] = ()
    note_max_length: int | None = None
    answer_status: int = 202
    entry: EntryIdentity = EntryIdentity.HISTORY
    credentials: tuple[Need, ...] = (Need(name="api_key", title="API key"),)
    options: tuple[Need, ...] = ()
    scopes: tuple[str, ...] = ()
    reachable_results: bool = False
    dates_entries: bool = False
