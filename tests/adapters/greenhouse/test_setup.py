"""What a connection to Greenhouse may be made of, and how its tokens are had and shared."""

import httpx
import pytest

from adapters.contract.adapter import Adapter
from adapters.contract.errors import AuthRejected, Refused
from adapters.contract.tokens import Tokens, TokenStore
from adapters.kit.oauth import MemoryTokens
from adapters.kit.setup import CredentialMissing, OptionMissing
from adapters.registry import create
from tests.adapters.case import Canned
from tests.adapters.greenhouse.records import APPLICATION, SITE_ADMIN
from tests.adapters.greenhouse.simulator import ApiClient
from tests.adapters.greenhouse.world import CREDENTIALS, GreenhouseWorld, running_world

ID = str(APPLICATION)


def connect(world: GreenhouseWorld, tokens: TokenStore | None = None, **options: str) -> Adapter:
    return create("greenhouse", base_url=world.base_url, credentials=CREDENTIALS, options=options, tokens=tokens)


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("end", ["", "/"])
def test_old_versions_are_refused(version: str, end: str) -> None:
    """Harvest v1 and v2 are refused at once, with what to do."""
    with pytest.raises(Refused, match=r"V3 \(OAuth\)") as refused:
        create("greenhouse", base_url=f"https://harvest.greenhouse.io/{version}{end}", credentials=CREDENTIALS)
    assert refused.value.code == "harvest_version"
    assert version in str(refused.value)


@pytest.mark.parametrize("end", ["", "/", "/v3", "/v3/"])
async def test_where_requests_go(end: str) -> None:
    """Tokens come from auth.greenhouse.io, records from Harvest v3, however the base URL is written."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "t"})
        return httpx.Response(200, json=[])

    transport = Canned(answer)
    adapter = create(
        "greenhouse", base_url=f"https://harvest.greenhouse.io{end}", credentials=CREDENTIALS, transport=transport
    )
    await adapter.list_stages()
    assert [str(request.url) for request in transport.requests] == [
        "https://auth.greenhouse.io/token",
        "https://harvest.greenhouse.io/v3/job_interview_stages?per_page=500",
    ]


@pytest.mark.parametrize(
    "options", [{"act_as": "ada@example.org"}, {"act_as": "12", "grant": "password"}, {"user": "1"}]
)
def test_options_are_checked(options: dict[str, str]) -> None:
    """A user is a number, a grant one of two, and nothing else is an option."""
    with pytest.raises(OptionMissing):
        create("greenhouse", base_url="https://harvest.greenhouse.io", credentials=CREDENTIALS, options=options)


@pytest.mark.parametrize("name", ["client_id", "client_secret"])
def test_credentials_are_needed(name: str) -> None:
    """A key of Harvest v1 alone makes no connection."""
    credentials = {**CREDENTIALS, name: "", "api_key": "old"}
    with pytest.raises(CredentialMissing) as missing:
        create("greenhouse", base_url="https://harvest.greenhouse.io", credentials=credentials)
    assert missing.value.name == name


@pytest.mark.parametrize(("options", "subject"), [({}, None), ({"act_as": str(SITE_ADMIN)}, str(SITE_ADMIN))])
async def test_the_subject_of_the_token(options: dict[str, str], subject: str | None) -> None:
    """The user to act as is the ``sub`` of the grant; without one nothing is sent."""
    forms: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        forms.append(request.content.decode())
        return httpx.Response(401)

    adapter = create(
        "greenhouse",
        base_url="https://harvest.greenhouse.io",
        credentials=CREDENTIALS,
        options=options,
        transport=Canned(answer),
    )
    with pytest.raises(AuthRejected):
        await adapter.list_stages()
    assert forms == ["grant_type=client_credentials" + (f"&sub={subject}" if subject else "")]


async def test_connections_that_share_a_store_share_one_token() -> None:
    """A new token ends the one before, so two connections on one credential use the same."""
    store = MemoryTokens()
    async with running_world() as world:
        adapters = [connect(world, store) for _ in range(2)]
        for adapter in adapters * 2:
            await adapter.read_application(ID)
        assert len(world.model.issued) == 1
        for adapter in adapters:
            await adapter.aclose()


async def test_a_token_that_somebody_ended_is_renewed_once() -> None:
    """Another process with the same credential gets a token; ours is rejected, renewed and used, for writes as well."""
    async with running_world() as world:
        adapter = connect(world)
        await adapter.read_application(ID)
        world.model.issue(CREDENTIALS["client_id"], SITE_ADMIN)
        await adapter.write_fields(ID, {"ai_interview_score": 3}, expected={})
        assert (await adapter.read_fields(ID))["ai_interview_score"] == 3
        assert len(world.model.issued) == 3
        assert len([asked for asked in world.model.asked if asked.startswith("PATCH")]) == 1
        await adapter.aclose()


async def test_a_short_life_is_seen() -> None:
    """A token is renewed before it ends, by the moment that Greenhouse told, without a rejected request."""
    async with running_world() as world:
        world.model.life = 30.0
        adapter = connect(world)
        for _ in range(2):
            await adapter.list_stages()
        assert len(world.model.issued) == 2
        assert len(world.model.asked) == 2
        await adapter.aclose()


async def test_a_partner_integration() -> None:
    """The code grant goes on from the refresh token of the customer's consent, which rotates in the store."""
    async with running_world() as world:
        scopes = world.model.clients[CREDENTIALS["client_id"]].scopes
        client = ApiClient(CREDENTIALS["client_secret"], scopes, partner=True, refresh="from-consent")
        world.model.clients[CREDENTIALS["client_id"]] = client
        store = MemoryTokens(Tokens(access="ended", refresh="from-consent"))
        for _ in range(2):
            adapter = connect(world, store, grant="code")
            await adapter.read_application(ID)
            await adapter.aclose()
        kept = await store.read()
        assert kept is not None
        assert kept.refresh == client.refresh != "from-consent"
        for refused in (connect(world), connect(world, grant="code"), connect(world, MemoryTokens(), grant="code")):
            with pytest.raises(AuthRejected):
                await refused.read_application(ID)
            await refused.aclose()
