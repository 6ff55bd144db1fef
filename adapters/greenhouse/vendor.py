"""Greenhouse in the list of vendors: what a set-up may say, and the two clients that it becomes."""

import httpx

from adapters.contract.adapter import Adapter
from adapters.contract.errors import Refused
from adapters.greenhouse.adapter import GreenhouseAdapter
from adapters.greenhouse.assessment import APP, GreenhouseAssessments, GreenhouseReporter
from adapters.greenhouse.client import GreenhouseClient, seconds_until_reset
from adapters.greenhouse.manifest import MANIFEST
from adapters.kit.http import HttpClient
from adapters.kit.oauth import Consent, MemoryTokens, OAuth
from adapters.kit.setup import CredentialMissing, OptionMissing, OrderSide, Setup, Vendor

HARVEST = "harvest.greenhouse.io"
TOKENS = "https://auth.greenhouse.io"
CLIENT_CREDENTIALS, CODE = "client_credentials", "code"


def origin(base_url: str) -> str:
    """The address below which ``/v3`` is.

    Raises:
        Refused: ``harvest_version`` where the address is that of Harvest v1 or v2.
    """
    path = httpx.URL(base_url).path.strip("/")
    version = path.rsplit("/", 1)[-1]
    if version in {"v1", "v2"}:
        raise Refused(
            f"Harvest {version} was announced to end on 2026-08-31 and Evenhand does not speak it: make a Harvest V3 "
            f"(OAuth) credential and write https://{HARVEST} as base_url",
            code="harvest_version",
        )
    return base_url.rstrip("/").removesuffix("/v3")


def _consent(setup: Setup) -> Consent | None:
    if _grant(setup) is not None:
        return None
    tokens_at = _tokens_at(origin(setup.base_url))
    # Not confirmed by the vendor: that PKCE is known there; a server that does not know it overlooks it.
    return Consent(authorize_url=f"{tokens_at}/authorize", token_url=f"{tokens_at}/token", scopes=MANIFEST.scopes)


def _tokens_at(base_url: str) -> str:
    # Whatever stands in for Harvest (a recording proxy, a test) gives its own tokens.
    return TOKENS if httpx.URL(base_url).host == HARVEST else base_url


def _make(setup: Setup) -> Adapter:
    base_url = origin(setup.base_url)
    oauth = OAuth(
        HttpClient(_tokens_at(base_url), headers={}, transport=setup.transport),
        "/token",
        client_id=setup.credentials["client_id"],
        client_secret=setup.credentials["client_secret"],
        store=setup.tokens or MemoryTokens(),
        grant=_grant(setup),
    )
    http = HttpClient(base_url, headers={}, credentials=oauth, wait=seconds_until_reset, transport=setup.transport)
    return GreenhouseAdapter(GreenhouseClient(http, oauth), act_as=_acting(setup))


def _acting(setup: Setup) -> int | None:
    act_as = setup.options.get("act_as") or None
    if act_as is not None and not (act_as.isascii() and act_as.isdigit()):
        raise OptionMissing(MANIFEST.key, "act_as", "needs the number of a Greenhouse user as")
    return None if act_as is None else int(act_as)


def _grant(setup: Setup) -> dict[str, str] | None:
    grant = setup.options.get("grant") or CLIENT_CREDENTIALS
    if grant == CODE:
        return None
    if grant != CLIENT_CREDENTIALS:
        raise OptionMissing(MANIFEST.key, "grant", f"needs {CLIENT_CREDENTIALS} or {CODE} as")
    acting = _acting(setup)
    return {"grant_type": CLIENT_CREDENTIALS} | ({} if acting is None else {"sub": str(acting)})


def make_reporter(setup: Setup) -> GreenhouseReporter:
    """The half of the Assessment API that we call.

    Raises:
        CredentialMissing: the connection has no ``assessment_key``.
    """
    key = setup.credentials.get("assessment_key")
    if not key:
        raise CredentialMissing(MANIFEST.key, "assessment_key")
    base_url = origin(setup.base_url)
    app = APP if httpx.URL(base_url).host == HARVEST else base_url
    return GreenhouseReporter(key, base_url=app, transport=setup.transport)


VENDOR = Vendor(
    manifest=MANIFEST,
    package="adapters.greenhouse",
    make=_make,
    orders=OrderSide(server=GreenhouseAssessments, reporter=make_reporter),
    consent=_consent,
)
