"""Secrets at rest: AES-256-GCM under the newest of several keys, each known by an id that is made from it.

What is sealed says with which key, so that keys can be changed one after the other, and is bound to what it is about:
moved into another row, it opens no more.
"""

import base64
import os
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import override

from orchestrator.errors import SettingsInvalid

KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_LENGTH = 8
VARIABLE = "EVENHAND_CREDENTIAL_KEYS"


def new_key() -> str:
    """A fresh key as EVENHAND_CREDENTIAL_KEYS takes it: 32 random bytes, URL-safe Base64."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


class KeyRing:
    """Keys, the newest first. Without any, nothing can be sealed or opened."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._keys = {_id(raw): AESGCM(raw) for raw in map(base64.urlsafe_b64decode, keys)}

    @classmethod
    def parse(cls, text: str | None) -> "KeyRing":
        """Read keys separated by commas; ``text`` was checked with the settings."""
        return cls([key.strip() for key in (text or "").split(",") if key.strip()])

    @override
    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"

    def __bool__(self) -> bool:
        return bool(self._keys)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, the newest first."""
        return tuple(self._keys)

    @property
    def newest(self) -> str:
        """The id of the key that seals; raises SettingsInvalid where there is none."""
        if not self._keys:
            raise SettingsInvalid(
                f"{VARIABLE} is not set: make a key with `evenhand credentials new-key` and put it there"
            )
        return next(iter(self._keys))

    def seal(self, plain: str, *, about: str) -> str:
        """Encrypt with the newest key. ``about`` says what it is, and must be said again to open it.

        Raises:
            SettingsInvalid: there is no key.
        """
        key, nonce = self.newest, os.urandom(_NONCE_BYTES)
        sealed = self._keys[key].encrypt(nonce, plain.encode(), about.encode())
        return f"{key}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, *, about: str) -> str:
        """Decrypt.

        Raises:
            SettingsInvalid: its key is not among ours, or the text was changed or is about something else.
        """
        key, _, text = sealed.partition(".")
        if key not in self._keys:
            raise SettingsInvalid(f"{VARIABLE} lacks the key {key}, with which {about} is encrypted")
        raw = base64.urlsafe_b64decode(text)
        try:
            return self._keys[key].decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about.encode()).decode()
        except InvalidTag:
            raise SettingsInvalid(f"what is stored for {about} was changed behind our back: set it again") from None


def key_of(sealed: str) -> str:
    """The id of the key that something is sealed with."""
    return sealed.partition(".")[0]


def _id(raw: bytes) -> str:
    return sha256(b"evenhand credential key\n" + raw).hexdigest()[:_ID_LENGTH]
