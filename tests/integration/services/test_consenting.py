"""Consent in the browser: bound to the session that asked, good once, exchanged at once, kept encrypted (A1)."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from adapters import registry
from adapters.contract.model import StageKind
from adapters.kit.oauth import Consent, ConsentFlow
from orchestrator.config.schema import Connection, Credential, StageMapping
from orchestrator.db.models.account import AccountRow, Role
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.credential import ConsentRequestRow
from orchestrator.db.session import Database
from orchestrator.domain.retention import Retention
from orchestrator.domain.writeback import FieldMap
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.services.connections import AtsConnection, Connections
from orchestrator.services.credentials.consenting import Consenting, ConsentWay
from orchestrator.services.credentials.sealing import KeyRing, new_key
from orchestrator.services.credentials.tokens import DatabaseTokens
from orchestrator.services.links import LinkMaker
from orchestrator.services.retention import Retaining
from orchestrator.services.steps import Steps
from orchestrator.services.views import Account
from orchestrator.work.admin import pauses
from orchestrator.work.limits import pause
from tests.fixtures.house import MovableClock
from tests.fixtures.sandbox import serving
from tests.integration.services.token_endpoint import TokenEndpoint

SESSION = "the cookie of an administrator"
ADMIN = Account(id=uuid.UUID(int=7), email="ada@example.com", name="Ada", role=Role.ADMIN)
BACK = "https://evenhand.example/operations/connections/north/consent/answer"


class Desk:
    """Consent for one connection, with a vendor that can be asked."""

    def __init__(self, database: Database, vendor: TokenEndpoint, endpoint: str, *, keys: bool = True) -> None:
        self.database, self.vendor, self.clock = database, vendor, MovableClock()
        ring = KeyRing([new_key()] if keys else [])
        self.tokens = DatabaseTokens(database, self.clock, ring, connection="north", bound="an account")
        settings = Connection(
            key="north",
            adapter="sandbox",
            base_url="http://127.0.0.1:9",
            credentials={"api_key": Credential(env="NORTH_KEY")},
            stages=(StageMapping(stage="First", kind=StageKind.FIRST_INTERVIEW),),
            fields=FieldMap(completion="c", band="b"),
        )
        adapter = registry.create("sandbox", base_url=settings.base_url, credentials={"api_key": "a key"})
        self.connections = Connections([AtsConnection(settings=settings, adapter=adapter, webhook_secrets=())])
        consent = Consent(
            authorize_url=f"{endpoint}/authorize",
            token_url=f"{endpoint}/token",
            scopes=("read", "write"),
            audience="https://api.ats.example/",
        )
        flow = ConsentFlow(consent, client_id="us", client_secret="our secret", redirect_uri=BACK)
        self.consenting = Consenting(
            database=database,
            clock=self.clock,
            connections=self.connections,
            ring=ring,
            ways={"north": ConsentWay(flow, self.tokens if keys else None)},
        )

    async def ask(self) -> dict[str, str]:
        """Begin, and read what the vendor would read."""
        address = await self.consenting.begin("north", actor=ADMIN, session_token=SESSION)
        return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    async def agreed(self, code: str = "a-code") -> str:
        """Begin, and let the customer agree; the state."""
        asked = await self.ask()
        self.vendor.consent(code, challenge=asked["code_challenge"], redirect_uri=asked["redirect_uri"])
        return asked["state"]

    async def complete(self, state: str, *, code: str = "a-code", session: str = SESSION) -> None:
        """The browser is back."""
        await self.consenting.complete("north", state=state, code=code, actor=ADMIN, session_token=session)


@asynccontextmanager
async def desk(database: Database, *, keys: bool = True) -> AsyncIterator[Desk]:
    """With an administrator who has an account."""
    vendor = TokenEndpoint()
    async with database.transaction() as tx:
        tx.session.add(
            AccountRow(
                id=ADMIN.id,
                email=ADMIN.email,
                name=ADMIN.name,
                role=ADMIN.role,
                password_hash="none",
                created_at=datetime.now(UTC),
            )
        )
    async with serving(vendor.app()) as endpoint:
        made = Desk(database, vendor, endpoint, keys=keys)
        yield made
        await made.connections.aclose()


async def tags(database: Database) -> list[str]:
    """What the audit chain tells of it."""
    async with database.reading() as session:
        return list(await session.scalars(sa.select(AuditRow.tag).order_by(AuditRow.sequence)))


async def test_consent_becomes_tokens_and_the_connection_goes_on(database: Database) -> None:
    """What was asked for, what is kept, who did it, and that what waited goes on."""
    async with desk(database) as front:
        async with database.transaction() as tx:
            await pause(tx, "north", reason="AuthRejected: nobody has connected this account yet")
        asked = await front.ask()
        assert asked["scope"] == "read write"
        assert asked["audience"] == "https://api.ats.example/"
        assert (asked["redirect_uri"], asked["code_challenge_method"]) == (BACK, "S256")
        front.vendor.consent("a-code", challenge=asked["code_challenge"], redirect_uri=BACK)
        await front.complete(asked["state"])
        kept = await front.tokens.read()
        assert kept is not None
        assert (kept.access, kept.refresh) == ("access-1", "refresh-1")
        page = await front.consenting.page("north")
        assert page.consent is not None
        assert page.consent.consented_at is not None
        assert page.waits is None
    assert await tags(database) == ["operations:consent:asked", "operations:tokens:consented"]
    async with database.reading() as session:
        assert await pauses(session) == []


async def test_an_answer_is_good_once(database: Database) -> None:
    """Whoever finds the address in a history can do nothing with it."""
    async with desk(database) as front:
        state = await front.agreed()
        await front.complete(state)
        with pytest.raises(Stale):
            await front.complete(state)


async def test_an_answer_belongs_to_the_session_that_asked(database: Database) -> None:
    """A link that somebody sends to an administrator connects no foreign account; the right session still can."""
    async with desk(database) as front:
        state = await front.agreed()
        with pytest.raises(Stale):
            await front.complete(state, session="another session")
        with pytest.raises(Stale):
            await front.complete("a state that nobody made")
        assert front.vendor.forms == []
        await front.complete(state)


async def test_an_answer_that_comes_too_late(database: Database) -> None:
    """Ten minutes, then one asks again."""
    async with desk(database) as front:
        state = await front.agreed()
        front.clock.ahead = timedelta(minutes=11)
        with pytest.raises(Stale):
            await front.complete(state)


async def test_consent_that_was_not_given(database: Database) -> None:
    """The vendor sends the browser back without a code; that is kept, and nothing else changes."""
    async with desk(database) as front:
        with pytest.raises(InputInvalid, match="was not given"):
            await front.complete(await front.agreed(), code="")
        assert await front.tokens.read() is None
    assert (await tags(database))[-1] == "operations:consent:declined"


async def test_a_code_that_the_vendor_does_not_take(database: Database) -> None:
    """In words without the code; the tokens of before stay."""
    async with desk(database) as front:
        await front.complete(await front.agreed())
        with pytest.raises(InputInvalid, match="did not take the code") as caught:
            await front.complete(await front.agreed(), code="a-stolen-code")
        assert "a-stolen-code" not in str(caught.value)
        kept = await front.tokens.read()
        assert kept is not None
        assert kept.access == "access-1"
    assert (await tags(database))[-1] == "operations:consent:failed"


async def test_neither_state_nor_verifier_is_stored_in_the_clear(database: Database) -> None:
    """Whoever reads the database can answer no question."""
    async with desk(database) as front:
        state = await front.agreed()
        async with database.reading() as session:
            [row] = (await session.scalars(sa.select(ConsentRequestRow))).all()
        await front.complete(state)
    verifier = front.vendor.forms[0]["code_verifier"]
    stored = f"{row.state_hash} {row.session_hash} {row.sealed}"
    assert [secret for secret in (state, verifier, SESSION) if secret in stored] == []


async def test_without_a_key_nobody_is_asked(database: Database) -> None:
    """What came of it could not be kept."""
    async with desk(database, keys=False) as front:
        with pytest.raises(InputInvalid, match="EVENHAND_CREDENTIAL_KEYS"):
            await front.ask()
        with pytest.raises(Missing):
            await front.consenting.begin("south", actor=ADMIN, session_token=SESSION)


@pytest.mark.parametrize(
    ("vendor", "settings", "address", "audience"),
    [
        ("greenhouse", {"options": {"grant": "code"}}, "https://auth.greenhouse.io/authorize", None),
        ("lever", {}, "https://auth.lever.co/authorize", "https://api.lever.co/v1/"),
    ],
)
def test_vendors_say_how_they_are_asked(
    vendor: str, settings: dict[str, dict[str, str]], address: str, audience: str | None
) -> None:
    """Each supplies its description; the flow is the same."""
    base_urls = {"greenhouse": "https://harvest.greenhouse.io", "lever": "https://api.lever.co"}
    flow = registry.consent_flow(
        vendor,
        base_url=base_urls[vendor],
        credentials={"client_id": "us", "client_secret": "secret"},
        redirect_uri=BACK,
        **settings,
    )
    assert flow is not None
    asked = httpx.URL(flow.address(state="a-state", verifier="v" * 43))
    assert str(asked.copy_with(query=None)) == address
    assert asked.params.get("audience") == audience
    assert asked.params["state"] == "a-state"
    assert "secret" not in str(asked)


@pytest.mark.parametrize(
    ("vendor", "base_url", "credentials"),
    [
        ("greenhouse", "https://harvest.greenhouse.io", {"client_id": "us", "client_secret": "secret"}),
        ("lever", "https://api.lever.co", {"api_key": "a key"}),
        ("sandbox", "http://127.0.0.1:9", {"api_key": "a key"}),
    ],
)
def test_a_set_up_that_needs_no_consent(vendor: str, base_url: str, credentials: dict[str, str]) -> None:
    """Client credentials and API keys ask nobody."""
    assert registry.consent_flow(vendor, base_url=base_url, credentials=credentials, redirect_uri=BACK) is None


async def test_retention_removes_questions_that_nobody_answered(database: Database) -> None:
    """One that can still be answered stays."""
    async with desk(database) as front:
        await front.ask()
        links = LinkMaker(base_url="https://evenhand.example", secret_key="a secret of forty characters for the tests")
        steps = Steps(connections=front.connections, links=links)
        retaining = Retaining(database=database, clock=front.clock, retention=Retention(), steps=steps)
        left = []
        for minutes in (9, 11):
            front.clock.ahead = timedelta(minutes=minutes)
            await retaining._drop_traces()
            async with database.reading() as session:
                left.append(len((await session.scalars(sa.select(ConsentRequestRow))).all()))
    assert left == [1, 0]
