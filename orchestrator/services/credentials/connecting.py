"""What a connection is made with that is not in the environment: stored credentials, and where its tokens are kept."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from adapters.contract.adapter import Adapter
from adapters.contract.assessment import AssessmentReporter, AssessmentServer
from adapters.contract.errors import AdapterError
from adapters.contract.tokens import TokenStore
from adapters.kit.oauth import ConsentFlow
from orchestrator.config.schema import Configuration, Connection, Credential
from orchestrator.db.session import Database
from orchestrator.errors import SettingsInvalid
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, Connections, OrderDesk
from orchestrator.services.credentials.consenting import ConsentWay
from orchestrator.services.credentials.sealing import KeyRing
from orchestrator.services.credentials.tokens import DatabaseTokens, binding
from orchestrator.services.credentials.vault import Vault

RETURN = "/operations/connections/{key}/consent/answer"


class Safe:
    """The secrets of one process: opened once, before its connections are made."""

    def __init__(
        self, database: Database, clock: Clock, ring: KeyRing, *, base_url: str, stored: Mapping[tuple[str, str], str]
    ) -> None:
        self.ring = ring
        self.ways: dict[str, ConsentWay] = {}
        self._database, self._clock, self._base_url = database, clock, base_url
        self._stored = stored

    def stored(self, connection: str, name: str) -> str | None:
        """A stored credential; None where none is stored."""
        return self._stored.get((connection, name))

    def tokens(self, connection: Connection, credentials: Mapping[str, str], *, consent: bool) -> DatabaseTokens | None:
        """Where its tokens are kept, for every process; None without a key to encrypt them with."""
        if not self.ring:
            return None
        bound = binding(connection.adapter, connection.base_url, credentials.get("client_id", ""))
        return DatabaseTokens(
            self._database, self._clock, self.ring, connection=connection.key, bound=bound, consent=consent
        )

    def return_address(self, connection: str) -> str:
        """Where a vendor sends the browser of an administrator back to."""
        return f"{self._base_url}{RETURN.format(key=connection)}"

    def consented(self, connection: str, flow: ConsentFlow | None, tokens: DatabaseTokens | None) -> None:
        """Remember how a connection is consented to, where it is."""
        if flow is not None:
            self.ways[connection] = ConsentWay(flow, tokens)


def read_stored(configuration: Configuration, url: str, clock: Clock, ring: KeyRing) -> Mapping[tuple[str, str], str]:
    """Every stored credential, where evenhand.yaml asks for any: read in a thread, before this process has a loop.

    Raises:
        SettingsInvalid: a key is missing.
        SQLAlchemyError, OSError: the database cannot be used.
    """
    if not any(source.stored for one in configuration.connections for source in one.credentials.values()):
        return {}

    async def read() -> Mapping[tuple[str, str], str]:
        database = Database(url)
        vault = Vault(database=database, clock=clock, ring=ring, known={})
        found: dict[tuple[str, str], str] = {}

        async def errand() -> None:
            found.update(await vault.values())

        try:
            await database.patiently(errand)
        finally:
            await database.aclose()
        return found

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, read()).result()


class Create(Protocol):
    """Makes an adapter of a set-up (``adapters.registry.create``)."""

    def __call__(
        self,
        key: str,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        options: Mapping[str, str] | None,
        tokens: TokenStore | None,
    ) -> Adapter:
        """Raise AdapterError where something is missing."""
        ...


class Flow(Protocol):
    """Says how a set-up is consented to (``adapters.registry.consent_flow``)."""

    def __call__(
        self,
        key: str,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        options: Mapping[str, str] | None,
        redirect_uri: str,
    ) -> ConsentFlow | None:
        """None where no consent is needed."""
        ...


class Orders(Protocol):
    """Makes both halves of a vendor's partner assessments (``adapters.registry.create_orders``)."""

    def __call__(
        self,
        key: str,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        options: Mapping[str, str] | None,
        tokens: TokenStore | None,
    ) -> tuple[AssessmentServer, AssessmentReporter]:
        """Raise AdapterError where something is missing."""
        ...


def connect_all(
    configuration: Configuration, environ: Mapping[str, str], safe: Safe, *, create: Create, flow: Flow, orders: Orders
) -> Connections:
    """Make every connection of the file; nothing is sent yet.

    Raises:
        SettingsInvalid: names everything that is missing, never a value.
    """
    missing: list[str] = []

    def secret(name: str) -> str:
        value = environ.get(name, "")
        if not value:
            missing.append(f"{name} is not set")
        return value

    def placed(key: str, name: str, source: Credential) -> str:
        if source.env is not None:
            return secret(source.env)
        value = safe.stored(key, name)
        if value is None:
            missing.append(f"connection {key}: store its {name} with `evenhand credentials set {key} {name}`")
        return value or ""

    made: list[AtsConnection] = []
    for connection in configuration.connections:
        credentials = {name: placed(connection.key, name, source) for name, source in connection.credentials.items()}
        secrets = tuple(secret(source.env) for source in connection.webhook_secrets)
        presented = tuple(secret(source.env) for source in connection.assessment_secrets)
        if missing:
            continue
        try:
            way = flow(
                connection.adapter,
                base_url=connection.base_url,
                credentials=credentials,
                options=connection.options,
                redirect_uri=safe.return_address(connection.key),
            )
            tokens = safe.tokens(connection, credentials, consent=way is not None)
            adapter = create(
                connection.adapter,
                base_url=connection.base_url,
                credentials=credentials,
                options=connection.options,
                tokens=tokens,
            )
            desk = _desk(connection, credentials, tokens, presented, orders)
        except AdapterError as error:
            missing.append(f"connection {connection.key}: {error}")
            continue
        safe.consented(connection.key, way, tokens)
        made.append(
            AtsConnection(
                settings=connection,
                adapter=adapter,
                webhook_secrets=secrets,
                desk=desk,
                by_consent=way is not None,
            )
        )
    if missing:
        raise SettingsInvalid("; ".join(missing))
    return Connections(made)


def _desk(
    connection: Connection,
    credentials: Mapping[str, str],
    tokens: TokenStore | None,
    presented: tuple[str, ...],
    orders: Orders,
) -> OrderDesk | None:
    """Where the connection takes orders; raises AdapterError where it cannot tell results."""
    if not presented:
        return None
    server, reporter = orders(
        connection.adapter,
        base_url=connection.base_url,
        credentials=credentials,
        options=connection.options,
        tokens=tokens,
    )
    return OrderDesk(server, reporter, presented)
