"""Payloads, signatures, quality files and the registry."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from adapters.kit.payload import decode
from adapters.kit.quality import RULES, Exempt, QualityInvalid, parse_quality
from adapters.kit.signatures import check_fresh, verify_hmac_sha256
from adapters.registry import VENDORS, CredentialMissing, UnknownVendor, create, manifests, quality

COMPLETE = "".join(f"{rule}: done\n" for rule in RULES)


class _Inner(msgspec.Struct):
    age: int


class _Outer(msgspec.Struct):
    name: str
    inner: list[_Inner]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"inner": []}', "the thing: $.name is missing"),
        (b'{"name": "x", "inner": [{}]}', "the thing: $.inner[0].age is missing"),
        (b'{"name": "x", "inner": [{"age": "private@example.com"}]}', "the thing: $.inner[0].age is not what"),
        (b"[1]", "the thing: $ is not what"),
        (b"{", "the thing is not JSON"),
        (b"\xff", "the thing is not JSON"),
    ],
)
def test_payload_names_the_member(body: bytes, message: str) -> None:
    """An error says which member is wrong and never repeats a value."""
    with pytest.raises(PayloadInvalid) as invalid:
        decode(body, _Outer, what="the thing")
    assert str(invalid.value).startswith(message)
    assert "private" not in str(invalid.value)


@given(st.binary(max_size=200), st.text(min_size=1, max_size=20), st.text(max_size=80))
def test_signature(message: bytes, secret: str, other: str) -> None:
    """The right signature passes beside any other secret; any other text does not."""
    right = hmac.new(secret.encode(), message, sha256).hexdigest()
    verify_hmac_sha256(message, signature_hex=right, secrets=["", secret])
    if other.strip().lower() != right:
        with pytest.raises(SignatureInvalid):
            verify_hmac_sha256(message, signature_hex=other, secrets=[secret])


def test_replay_window() -> None:
    """Five minutes either way are accepted, a second more is not."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    for seconds in (-300, 0, 300):
        check_fresh(now + timedelta(seconds=seconds), now=now)
    for seconds in (-301, 301):
        with pytest.raises(SignatureInvalid):
            check_fresh(now + timedelta(seconds=seconds), now=now)


def test_quality_accepts_exemptions() -> None:
    """A rule is done, to do, or exempt with a reason."""
    text = COMPLETE.replace("event-ping: done", "event-ping: {exempt: it has no ping}")
    text = text.replace("paging-ends: done", "paging-ends: todo")
    grades = parse_quality(text, source="q")
    assert grades["event-ping"] == Exempt("it has no ping")
    assert grades["paging-ends"] == "todo"
    assert set(grades) == set(RULES)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (COMPLETE.replace("event-ping: done\n", ""), "missing rule event-ping"),
        (COMPLETE + "event-pong: done\n", "unknown rule event-pong"),
        (COMPLETE.replace("event-ping: done", "event-ping: maybe"), "event-ping: write done, todo"),
        (COMPLETE.replace("event-ping: done", "event-ping: {exempt: ' '}"), "event-ping: an exemption needs a reason"),
        (COMPLETE.replace("event-ping: done", "event-ping: {because: x}"), "event-ping: write done, todo"),
        ("- done", "a mapping of rules is needed"),
        ("a: [", "not YAML"),
    ],
)
def test_quality_refuses(text: str, mistake: str) -> None:
    """Missing, unknown and ungraded rules are refused, by name."""
    with pytest.raises(QualityInvalid, match="q: ") as invalid:
        parse_quality(text, source="q")
    assert mistake in str(invalid.value)


def test_quality_lists_every_mistake() -> None:
    """All mistakes are told at once."""
    with pytest.raises(QualityInvalid) as invalid:
        parse_quality("event-pong: done", source="q")
    assert str(invalid.value).count("missing rule") == len(RULES)


def test_every_vendor_grades_itself() -> None:
    """Every registered vendor has a valid quality file and a manifest under its own key."""
    assert [manifest.key for manifest in manifests()] == sorted(VENDORS)
    for key in VENDORS:
        assert set(quality(key)) == set(RULES)


def test_registry_errors() -> None:
    """An unknown vendor is named with its nearest match; a missing credential is named, never shown."""
    with pytest.raises(UnknownVendor, match="no adapter 'sandbx', did you mean 'sandbox'"):
        create("sandbx", base_url="https://x.example.com", credentials={})
    with pytest.raises(UnknownVendor, match=f"no adapter 'zzz' .there are: {', '.join(sorted(VENDORS))}."):
        quality("zzz")
    for credentials in ({}, {"api_key": ""}):
        with pytest.raises(CredentialMissing) as missing:
            create("sandbox", base_url="https://x.example.com", credentials=credentials)
        assert missing.value.name == "api_key"
