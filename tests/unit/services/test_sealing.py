"""Secrets at rest: sealed with the newest key, bound to what they are about, opened by nobody without the key."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import SettingsInvalid
from orchestrator.services.credentials.sealing import KeyRing, key_of, new_key

OLD, NEW = new_key(), new_key()
ABOUT = "credential north/api_key"


@settings(max_examples=50)
@given(st.text())
def test_what_is_sealed_opens_again(plain: str) -> None:
    """Any text, with the same key and about the same thing."""
    ring = KeyRing([OLD])
    assert ring.unseal(ring.seal(plain, about=ABOUT), about=ABOUT) == plain


def test_sealed_text_shows_nothing_and_is_never_the_same() -> None:
    """Neither the text nor that two texts are equal."""
    ring = KeyRing([OLD])
    one, two = ring.seal("sk-123456", about=ABOUT), ring.seal("sk-123456", about=ABOUT)
    assert one != two
    assert "sk-123456" not in one + repr(ring)
    assert OLD not in repr(ring)


def test_the_newest_key_seals_and_an_older_one_still_opens() -> None:
    """The first key is the newest; what it did not seal opens with the one that did."""
    before = KeyRing([OLD]).seal("value", about=ABOUT)
    both = KeyRing.parse(f"{NEW}, {OLD}")
    assert both.unseal(before, about=ABOUT) == "value"
    assert key_of(both.seal("value", about=ABOUT)) == both.newest == KeyRing([NEW]).newest


def test_a_missing_key_is_named_by_its_id() -> None:
    """So that an administrator knows which one to bring back."""
    sealed = KeyRing([OLD]).seal("value", about=ABOUT)
    with pytest.raises(SettingsInvalid, match=f"lacks the key {key_of(sealed)}, with which {ABOUT}"):
        KeyRing([NEW]).unseal(sealed, about=ABOUT)


def test_sealed_text_opens_in_its_own_place_only() -> None:
    """Moved into another row it is as good as changed."""
    ring = KeyRing([OLD])
    with pytest.raises(SettingsInvalid, match="changed behind our back"):
        ring.unseal(ring.seal("value", about=ABOUT), about="credential south/api_key")


def test_every_changed_byte_is_noticed() -> None:
    """One bit anywhere in nonce, text or tag."""
    ring = KeyRing([OLD])
    key, _, text = ring.seal("value", about=ABOUT).partition(".")
    for place, letter in enumerate(text.rstrip("=")):
        changed = f"{key}.{text[:place]}{'A' if letter != 'A' else 'B'}{text[place + 1 :]}"
        with pytest.raises(SettingsInvalid):
            ring.unseal(changed, about=ABOUT)


def test_without_a_key_nothing_is_sealed() -> None:
    """And the message says how to make one."""
    ring = KeyRing.parse(None)
    assert not ring
    with pytest.raises(SettingsInvalid, match="evenhand credentials new-key"):
        ring.seal("value", about=ABOUT)
