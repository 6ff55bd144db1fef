"""The audit chain: whoever edits, removes, adds or moves an event is found out (N9)."""

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.domain.audit import GENESIS, AuditEvent, ChainedEvent, chain, event_hash, verify
from orchestrator.errors import ChainBroken
from tests.unit.domain.samples import NOW

EVENTS = st.lists(
    st.builds(
        AuditEvent,
        at=st.integers(0, 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds)),
        actor=st.sampled_from(["system", "account:1", "candidate:2"]),
        tag=st.sampled_from(["system:interview:started", "person:result:decided"]),
        subject=st.text(max_size=4),
        details=st.dictionaries(st.sampled_from("ab"), st.one_of(st.integers(0, 3), st.text(max_size=3)), max_size=2),
    ),
    min_size=1,
    max_size=6,
)


def _chain(events: list[AuditEvent]) -> list[ChainedEvent]:
    chained: list[ChainedEvent] = []
    for number, event in enumerate(events, start=1):
        previous = chained[-1].hash if chained else GENESIS
        chained.append(chain(event, sequence=number, previous_hash=previous))
    return chained


@given(EVENTS)
def test_an_untouched_chain_verifies(events: list[AuditEvent]) -> None:
    """The walk counts every event and ends at the last hash."""
    chained = _chain(events)
    assert verify(chained) == (len(events), chained[-1].hash)


def test_an_empty_chain_verifies() -> None:
    """Nothing happened, nothing is broken."""
    assert verify([]) == (0, GENESIS)


@given(EVENTS, st.data())
def test_every_edit_is_found(events: list[AuditEvent], data: st.DataObject) -> None:
    """Another value in any field of any event breaks the chain at that event."""
    chained = _chain(events)
    at = data.draw(st.integers(0, len(chained) - 1))
    event = chained[at].event
    changed = data.draw(
        st.sampled_from(
            [
                replace(event, at=event.at + timedelta(microseconds=1)),
                replace(event, actor="someone else"),
                replace(event, tag=f"{event.tag}x"),
                replace(event, subject=f"{event.subject}x"),
                replace(event, details={**event.details, "c": 1}),
            ]
        )
    )
    chained[at] = replace(chained[at], event=changed)
    with pytest.raises(ChainBroken, match="was changed") as broken:
        verify(chained)
    assert broken.value.sequence == at + 1


@given(EVENTS, st.data())
def test_an_edit_with_a_fresh_hash_is_found_at_the_next_event(events: list[AuditEvent], data: st.DataObject) -> None:
    """Recomputing the hash of one event does not help: the next event holds the old one."""
    assume(len(events) > 1)
    chained = _chain(events)
    at = data.draw(st.integers(0, len(chained) - 2))
    link = chained[at]
    changed = replace(link.event, actor="someone else")
    forged = event_hash(changed, sequence=link.sequence, previous_hash=link.previous_hash)
    chained[at] = replace(link, event=changed, hash=forged)
    with pytest.raises(ChainBroken, match="does not follow") as broken:
        verify(chained)
    assert broken.value.sequence == at + 2


@given(EVENTS, st.data())
def test_removing_moving_and_adding_are_found(events: list[AuditEvent], data: st.DataObject) -> None:
    """A gap, two events in each other's place, and one event twice each break the chain."""
    assume(len(events) > 1)
    chained = _chain(events)
    at = data.draw(st.integers(0, len(chained) - 2))
    removed = chained[:at] + chained[at + 1 :]
    moved = [*chained[:at], chained[at + 1], chained[at], *chained[at + 2 :]]
    doubled = [*chained[: at + 1], *chained[at:]]
    for tampered in (removed, moved, doubled):
        with pytest.raises(ChainBroken):
            verify(tampered)


def test_only_the_head_can_tell_that_the_end_is_gone() -> None:
    """A chain cut at its end is whole in itself, so the count and the last hash are given back to be compared."""
    chained = _chain([AuditEvent(at=NOW, actor="system", tag="a:b:c", subject=str(n)) for n in range(3)])
    assert verify(chained[:-1]) == (2, chained[1].hash)
    assert verify(chained[:-1]) != verify(chained)


def test_the_order_of_details_does_not_matter() -> None:
    """A database may give the facts back in another order."""
    one = AuditEvent(at=NOW, actor="system", tag="a:b:c", subject="x", details={"a": 1, "b": 2})
    other = replace(one, details={"b": 2, "a": 1})
    assert event_hash(one, sequence=1, previous_hash=GENESIS) == event_hash(other, sequence=1, previous_hash=GENESIS)
