"""For admins: keys, webhooks with their delivery log, and the fault switches."""

from secrets import token_urlsafe
from urllib.parse import urlsplit

from litestar import get, patch, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from adapters.sandbox.server import keys, webhooks
from adapters.sandbox.server.api.paging import Page, page_limit, slice_page
from adapters.sandbox.server.api.requests import NewKey, NewWebhook, WebhookChange
from adapters.sandbox.server.deps import SettingsDep, StoreDep
from adapters.sandbox.server.errors import Problem
from adapters.sandbox.server.faults import Faults
from adapters.sandbox.server.gate import requires
from adapters.sandbox.server.records import Delivery, Key, Webhook


class MadeKey(Struct, frozen=True):
    """A new key; ``value`` is shown this once."""

    key: Key
    value: str


class MadeWebhook(Struct, frozen=True):
    """A new subscription; ``secret`` is shown this once."""

    webhook: Webhook
    secret: str


class QueuedEvent(Struct, frozen=True):
    """An event that was queued for delivery."""

    event_id: str


@post("/keys", sync_to_thread=False)
def create_key(store: StoreDep, data: JSONBody[NewKey]) -> MadeKey:
    """Make an API key, or give the key of that name a new value and scopes."""
    value = token_urlsafe(32)
    key = keys.ensure_key(store, name=data.name, value=value, scopes=data.scopes, expires_at=data.expires_at)
    return MadeKey(key, value)


@post("/webhooks", sync_to_thread=False)
def create_webhook(store: StoreDep, data: JSONBody[NewWebhook]) -> MadeWebhook:
    """Subscribe a URL to events; the same URL again changes its secret and events."""
    parts = urlsplit(data.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Problem(422, "not_a_url", "a webhook needs an http or https address")
    secret = token_urlsafe(32) if data.secret is None else data.secret
    events = webhooks.EVENT_TYPES if data.events is None else tuple(data.events)
    return MadeWebhook(webhooks.ensure_webhook(store, url=data.url, secret=secret, events=events), secret)


@patch("/webhooks/{webhook_id:str}", sync_to_thread=False)
def change_webhook(store: StoreDep, webhook_id: FromPath[str], data: JSONBody[WebhookChange]) -> Webhook:
    """Pause or resume a subscription."""
    return webhooks.set_active(store, webhook_id, active=data.active)


@post("/webhooks/{webhook_id:str}/ping", status_code=202, sync_to_thread=False)
def ping_webhook(store: StoreDep, webhook_id: FromPath[str]) -> QueuedEvent:
    """Send a ping."""
    return QueuedEvent(webhooks.ping(store, webhook_id))


@get("/webhooks/{webhook_id:str}/deliveries", sync_to_thread=False)
def list_deliveries(
    store: StoreDep,
    settings: SettingsDep,
    webhook_id: FromPath[str],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Page[Delivery]:
    """Read the delivery log, oldest first."""
    size = page_limit(limit, default=settings.page_size, most=settings.max_page_size)
    return slice_page(webhooks.list_deliveries(store, webhook_id), cursor=cursor, limit=size)


@get("/faults", sync_to_thread=False)
def read_faults(store: StoreDep) -> Faults:
    """Read the switches and what is left of their counts."""
    return store.faults.current


@put("/faults", sync_to_thread=False)
def set_faults(store: StoreDep, data: JSONBody[Faults]) -> Faults:
    """Replace every switch; one that is left out is off."""
    store.faults.set(data)
    return store.faults.current


GUARDS = [requires("admin")]
HANDLERS = [
    create_key,
    create_webhook,
    change_webhook,
    ping_webhook,
    list_deliveries,
    read_faults,
    set_faults,
]
