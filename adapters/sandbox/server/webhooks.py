"""Webhook subscriptions and the queue of their deliveries."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from adapters.sandbox.server.errors import FieldError, Problem, not_found
from adapters.sandbox.server.records import Delivery, Webhook
from adapters.sandbox.server.store import Row, Store, json_list, moment, row_number, stamp, text_id, to_json

EVENT_TYPES = ("application.stage_changed", "application.updated", "job.closed", "ping")


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery to send now, with what the sender needs. ``secret`` signs it and is never shown."""

    number: int
    event_id: str
    url: str
    secret: str
    body: bytes
    attempts: int


def ensure_webhook(store: Store, *, url: str, secret: str, events: Sequence[str] = EVENT_TYPES) -> Webhook:
    """Subscribe a URL, or give its subscription this secret and these events.

    Raises:
        Problem: 422, an event type does not exist or the secret is empty.
    """
    unknown = [event for event in events if event not in EVENT_TYPES]
    if unknown:
        errors = tuple(FieldError("events", "unknown_event", f"there is no event {event!r}") for event in unknown)
        raise Problem(422, "unknown_event", f"events are: {', '.join(EVENT_TYPES)}", errors=errors)
    if not secret:
        raise Problem(422, "empty_secret", "a webhook needs a secret to sign with")
    with store.transaction():
        store.write(
            "INSERT INTO webhooks (url, secret, events, active) VALUES (?, ?, ?, 1)"
            " ON CONFLICT (url) DO UPDATE SET secret = excluded.secret, events = excluded.events, active = 1",
            *(url, secret, to_json(list(events))),
        )
    return next(webhook for webhook in list_webhooks(store) if webhook.url == url)


def list_webhooks(store: Store) -> list[Webhook]:
    """Every subscription, oldest first."""
    return [_webhook(row) for row in store.rows("SELECT * FROM webhooks ORDER BY id")]


def set_active(store: Store, webhook_id: str, *, active: bool) -> Webhook:
    """Pause or resume a subscription. Events of a paused one are not kept.

    Raises:
        Problem: 404.
    """
    with store.transaction():
        store.write("UPDATE webhooks SET active = ? WHERE id = ?", int(active), _number(store, webhook_id))
    return next(webhook for webhook in list_webhooks(store) if webhook.id == webhook_id)


def emit(store: Store, event_type: str, ids: Mapping[str, object], *, only: str | None = None) -> str:
    """Queue an event for every active subscription (or ``only`` that one) and return the event's id.

    The caller's transaction decides whether it happened.
    """
    at = store.now()
    number = store.write("INSERT INTO events (type, at) VALUES (?, ?)", event_type, stamp(at))
    event_id = text_id("evt", number)
    body = msgspec.json.encode({"id": event_id, "type": event_type, "occurred_at": at, **ids}).decode()
    delays = store.faults.delivery_delays()
    for row in store.rows("SELECT * FROM webhooks WHERE active = 1 ORDER BY id"):
        if event_type not in json_list(row["events"]) or (only and text_id("hook", row["id"]) != only):
            continue
        for delay in delays:
            store.write(
                "INSERT INTO deliveries (webhook_id, event_id, event_type, body, status, attempts, due_at)"
                " VALUES (?, ?, ?, ?, 'pending', 0, ?)",
                *(row["id"], number, event_type, body, stamp(at + timedelta(seconds=delay))),
            )
    return event_id


def ping(store: Store, webhook_id: str) -> str:
    """Queue a ping for one subscription; the event's id.

    Raises:
        Problem: 404.
    """
    _number(store, webhook_id)
    with store.transaction():
        return emit(store, "ping", {"webhook_id": webhook_id}, only=webhook_id)


def list_deliveries(store: Store, webhook_id: str) -> list[Delivery]:
    """The delivery log of one subscription, oldest first, at most the last 1000.

    Raises:
        Problem: 404.
    """
    rows = store.rows(
        "SELECT * FROM (SELECT * FROM deliveries WHERE webhook_id = ? ORDER BY id DESC LIMIT 1000) ORDER BY id",
        _number(store, webhook_id),
    )
    return [
        Delivery(
            id=text_id("dlv", row["id"]),
            event_id=text_id("evt", row["event_id"]),
            event_type=row["event_type"],
            status=row["status"],
            attempts=row["attempts"],
            due_at=moment(row["due_at"]),
            last_answer=row["last_answer"],
        )
        for row in rows
    ]


def due(store: Store, *, limit: int) -> list[Due]:
    """Deliveries whose time has come, the longest waiting first."""
    rows = store.rows(
        "SELECT d.*, w.url, w.secret FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id"
        " WHERE d.status = 'pending' AND d.due_at <= ? ORDER BY d.due_at, d.id LIMIT ?",
        *(stamp(store.now()), limit),
    )
    return [
        Due(
            number=row["id"],
            event_id=text_id("evt", row["event_id"]),
            url=row["url"],
            secret=row["secret"],
            body=row["body"].encode(),
            attempts=row["attempts"],
        )
        for row in rows
    ]


def next_due_at(store: Store, *, sending: Collection[int]) -> datetime | None:
    """When the next pending delivery is due, apart from those that are being sent."""
    row = store.row(
        "SELECT min(due_at) AS at FROM deliveries WHERE status = 'pending'"
        " AND id NOT IN (SELECT value FROM json_each(?))",
        to_json(list(sending)),
    )
    return moment(row["at"]) if row and row["at"] else None


def settle(store: Store, number: int, *, delivered: bool, answer: str, retry_in: float | None) -> None:
    """Note the outcome of one try; ``retry_in`` seconds until the next one, None to give up."""
    status = "delivered" if delivered else "given_up" if retry_in is None else "pending"
    at = stamp(store.now() + timedelta(seconds=retry_in or 0))
    with store.transaction():
        store.write(
            "UPDATE deliveries SET status = ?, attempts = attempts + 1, due_at = ?, last_answer = ? WHERE id = ?",
            *(status, at, answer, number),
        )


def _number(store: Store, webhook_id: str) -> int:
    number = row_number("hook", webhook_id, what="webhook")
    if store.row("SELECT 1 FROM webhooks WHERE id = ?", number) is None:
        raise not_found("webhook")
    return number


def _webhook(row: Row) -> Webhook:
    return Webhook(
        id=text_id("hook", row["id"]), url=row["url"], events=json_list(row["events"]), active=bool(row["active"])
    )
