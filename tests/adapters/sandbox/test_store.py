"""The store: history ids, all-or-none, restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sandbox.server import applications, jobs, keys, webhooks
from adapters.sandbox.server.errors import Problem
from adapters.sandbox.server.seed import PEOPLE, company, seed_pilot
from adapters.sandbox.server.store import Store, row_number, text_id

KEY = "a-key-of-sixteen-characters"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), max_size=40))
def test_history_ids_are_unique_and_grow(moves: list[tuple[int, int]]) -> None:
    """Whatever the moves: entry ids are never used twice, grow per application, and exactly one entry is open."""
    now = [datetime(2026, 3, 2, tzinfo=UTC)]
    store = Store(":memory:", clock=lambda: now[0])
    pilot = seed_pilot(store, api_key=KEY)
    for application, stage in moves:
        now[0] += timedelta(seconds=1)
        application_id = pilot.application_ids[application]
        before = applications.read_application(store, application_id)
        target = jobs.list_stages(store, before.job.id)[stage]
        after = applications.move(store, application_id, target.id, actor="Robin")
        assert (after.stage_entry.id != before.stage_entry.id) == (target != before.stage)
        assert after.stage == target
    histories = [applications.read_application(store, each).stage_history for each in pilot.application_ids]
    every = [visit.id for history in histories for visit in history]
    assert len(every) == len(set(every))
    for history in histories:
        assert [visit.id for visit in history] == sorted(visit.id for visit in history)
        assert [visit.left_at is None for visit in history] == [False] * (len(history) - 1) + [True]
        assert [visit.left_at for visit in history[:-1]] == [visit.entered_at for visit in history[1:]]
    store.close()


@given(st.integers(0, 10**15 - 1))
def test_ids_have_one_spelling(number: int) -> None:
    """An id reads back to its number, and no other spelling does."""
    text = text_id("app", number)
    assert row_number("app", text, what="application") == number
    for other in (f"app_0{text[4:]}", text.upper(), text[4:], f"{text} ", f"job{text[3:]}", f"app_{number}x"):
        with pytest.raises(Problem):
            row_number("app", other, what="application")


def test_a_failed_transaction_leaves_nothing() -> None:
    """An error inside a transaction takes back everything in it, and queues no delivery."""
    store = Store(":memory:")
    seed_pilot(store, api_key=KEY, webhook_url="http://127.0.0.1:9/x", webhook_secret="s")

    def move_twice() -> None:
        with store.transaction():
            applications.move(store, "app_000001", "stg_000003", actor="Robin")
            applications.move(store, "app_000001", "stg_999999", actor="Robin")

    with pytest.raises(Problem):
        move_twice()
    assert applications.read_application(store, "app_000001").stage.name == "Application Review"
    assert webhooks.due(store, limit=10) == []
    store.close()


def test_seeding_twice_changes_keys_only(tmp_path: Path) -> None:
    """A restart on the same file keeps the records and takes the new key, URL and secret."""
    for key, secret in ((KEY, "one"), (f"{KEY}-new", "two")):
        store = Store(tmp_path / "s.db")
        pilot = seed_pilot(store, api_key=key, webhook_url="http://127.0.0.1:9/x", webhook_secret=secret)
        assert len(pilot.application_ids) == len(PEOPLE)
        assert (len(pilot.job_ids), company(store)) == (3, "Northwind Outdoor")
        assert [hook.url for hook in webhooks.list_webhooks(store)] == ["http://127.0.0.1:9/x"]
        store.close()
    store = Store(tmp_path / "s.db")
    assert keys.find_key(store, KEY) is None
    assert keys.find_key(store, f"{KEY}-new") is not None
    assert KEY.encode() not in (tmp_path / "s.db").read_bytes()
    store.close()


def test_seed_refuses_weak_secrets() -> None:
    """A short key, or a webhook without a secret, is refused before anything is made."""
    store = Store(":memory:")
    with pytest.raises(Problem):
        seed_pilot(store, api_key="short")
    with pytest.raises(Problem):
        seed_pilot(store, api_key=KEY, webhook_url="http://127.0.0.1:9/x")
    with pytest.raises(Problem):
        seed_pilot(store, api_key=KEY, admin_key=KEY)
    assert jobs.list_jobs(store) == []
    assert company(store) == "Sandbox"
    store.close()
