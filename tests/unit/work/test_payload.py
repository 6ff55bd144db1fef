"""Stored payloads are read by kind and version."""

from typing import ClassVar

import pytest

from orchestrator.work.payload import Payload, PayloadUnreadable, Registry


class Letter(Payload, frozen=True, kw_only=True):
    kind: ClassVar[str] = "letter.send"
    version: ClassVar[int] = 2
    to: int


class OldLetter(Payload, frozen=True, kw_only=True):
    kind: ClassVar[str] = "letter.send"
    address: int


def test_every_version_is_read_by_its_struct() -> None:
    """Rows of the release before are still readable."""
    registry = Registry([Letter, OldLetter])
    assert registry.decode("letter.send", 1, '{"address":1}') == OldLetter(address=1)
    assert registry.decode("letter.send", 2, '{"to":1}') == Letter(to=1)


@pytest.mark.parametrize(
    ("kind", "version", "stored", "newer"),
    [
        ("letter.send", 3, "{}", True),
        ("letter.send", 1, "{}", False),
        ("letter.burn", 1, "{}", True),
        ("letter.send", 2, '{"to":"ada@example.org"}', False),
    ],
)
def test_unreadable_payload_says_why_without_its_content(kind: str, version: int, stored: str, *, newer: bool) -> None:
    """The cause is for an operator; the content may be personal."""
    with pytest.raises(PayloadUnreadable) as unreadable:
        Registry([Letter]).decode(kind, version, stored)
    assert unreadable.value.newer is newer
    assert f"{kind} version {version}" in str(unreadable.value)
    assert "ada" not in str(unreadable.value)


def test_two_structs_with_one_name_are_refused() -> None:
    """Otherwise which one reads a row would be chance."""
    with pytest.raises(ValueError, match=r"letter\.send version 2"):
        Registry([Letter, Letter])
