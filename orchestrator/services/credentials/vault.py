"""Stored credentials of connections: set, listed by name, removed, and encrypted anew with the newest key."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from orchestrator.db.models.credential import SecretRow, TokenRow
from orchestrator.db.repositories import credentials as rows
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.errors import InputInvalid, Missing
from orchestrator.ports import Clock
from orchestrator.services.credentials.sealing import KeyRing, key_of
from orchestrator.services.steps import SYSTEM

Vocabulary = Mapping[str, Sequence[str]]
"""The connections of evenhand.yaml, and which credentials each can have."""


class StoredCredential(Struct, frozen=True, kw_only=True):
    """A stored credential without its value. ``key`` is the id of the key that it is encrypted with."""

    connection: str
    name: str
    set_at: datetime
    set_by: str
    ends_at: datetime | None
    key: str


TOKENS = "tokens"
"""What the tokens of a connection are called beside its credentials."""


class Vault:
    """Keeps credentials encrypted at rest. A value goes in, and comes out only when a connection is made."""

    def __init__(self, *, database: Database, clock: Clock, ring: KeyRing, known: Vocabulary) -> None:
        self._database = database
        self._clock = clock
        self._ring = ring
        self._known = known

    async def put(self, connection: str, name: str, value: str, *, actor: str, ends_at: datetime | None = None) -> None:
        """Store a credential in place of the one of its name.

        Raises:
            Missing: evenhand.yaml has no such connection.
            InputInvalid: its ATS asks for no such credential, or the value is empty.
            SettingsInvalid: there is no key to encrypt with.
        """
        self._check(connection, name)
        if not value.strip():
            raise InputInvalid("The value is empty; nothing was changed.", fields={"value": "Enter the value."})
        now = self._clock.now()
        row = SecretRow(
            connection=connection,
            name=name,
            sealed=self._ring.seal(value.strip(), about=about(connection, name)),
            set_at=now,
            set_by=actor,
            ends_at=ends_at,
        )
        async with self._database.transaction() as tx:
            await rows.keep_secret(tx, row)
            await rows.forget_end(tx, connection)
            tx.audit(_event(now, actor, "set", f"{connection}/{name}", {"key": key_of(row.sealed)}))

    async def listed(self) -> tuple[StoredCredential, ...]:
        """What is stored, without values: credentials, then tokens (``TOKENS``)."""
        async with self._database.reading() as session:
            found = await rows.secrets(session)
            tokens = await rows.tokens(session)
        credentials = (
            StoredCredential(
                connection=row.connection,
                name=row.name,
                set_at=row.set_at,
                set_by=row.set_by,
                ends_at=row.ends_at,
                key=key_of(row.sealed),
            )
            for row in found
        )
        return (*credentials, *(one for row in tokens if (one := _listed(row)) is not None))

    async def remove(self, connection: str, name: str, *, actor: str) -> None:
        """Remove a credential, or with ``TOKENS`` what a consent gave; raises Missing where none of this name is stored."""
        remove = rows.remove_tokens if name == TOKENS else rows.remove_secret
        async with self._database.transaction() as tx:
            if not await remove(tx.session, connection, name):
                raise Missing(f"No credential {name!r} is stored for {connection!r}.")
            tx.audit(_event(self._clock.now(), actor, "removed", f"{connection}/{name}", {}))

    async def rotate(self, *, actor: str) -> int:
        """Encrypt everything that an older key seals with the newest; the older keys can then be dropped.

        Returns how many credentials and tokens were encrypted anew.

        Raises:
            SettingsInvalid: a key that is still in use is missing; nothing was changed.
        """
        newest, count = self._ring.newest, 0
        async with self._database.transaction() as tx:
            # Locked, or a credential that is set, or tokens that are renewed, at the same moment would be undone.
            for secret in await rows.secrets(tx.session, lock=True):
                if key_of(secret.sealed) != newest:
                    secret.sealed = self._anew(secret.sealed, about(secret.connection, secret.name))
                    count += 1
            for found in await rows.tokens(tx.session):
                token = await rows.locked_token(tx, found.connection)
                if token.sealed is not None and key_of(token.sealed) != newest:
                    token.sealed = self._anew(token.sealed, tokens_of(token.connection))
                    count += 1
            tx.audit(_event(self._clock.now(), actor, "rotated", "all", {"count": count, "key": newest}))
        return count

    async def values(self) -> Mapping[tuple[str, str], str]:
        """Every credential in the clear, by connection and name: for making connections, and nothing else.

        Raises:
            SettingsInvalid: a key is missing.
        """
        async with self._database.reading() as session:
            found = await rows.secrets(session)
        return {
            (row.connection, row.name): self._ring.unseal(row.sealed, about=about(row.connection, row.name))
            for row in found
        }

    def _anew(self, sealed: str, what: str) -> str:
        return self._ring.seal(self._ring.unseal(sealed, about=what), about=what)

    def _check(self, connection: str, name: str) -> None:
        if connection not in self._known:
            there = ", ".join(self._known)
            raise Missing(f"There is no connection {connection!r} in evenhand.yaml (there are: {there}).")
        if name not in self._known[connection]:
            there = ", ".join(self._known[connection])
            message = f"{connection} has no credential {name!r} (its ATS asks for: {there})."
            raise InputInvalid(message, fields={"name": message})


def _listed(row: TokenRow) -> StoredCredential | None:
    at = row.consented_at or row.renewed_at
    if row.sealed is None or at is None:
        return None
    by = "consent" if row.consented_at else SYSTEM
    return StoredCredential(
        connection=row.connection, name=TOKENS, set_at=at, set_by=by, ends_at=None, key=key_of(row.sealed)
    )


def about(connection: str, name: str) -> str:
    """What a stored credential is bound to, and called in messages."""
    return f"credential {connection}/{name}"


def tokens_of(connection: str) -> str:
    """What stored tokens are bound to, and called in messages."""
    return f"the tokens of {connection}"


def _event(at: datetime, actor: str, verb: str, subject: str, details: Mapping[str, object]) -> AuditEvent:
    return AuditEvent(at=at, actor=actor, tag=f"operations:credential:{verb}", subject=subject, details=details)
