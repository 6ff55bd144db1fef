"""Greenhouse in the list of vendors: what a set-up may say, and the two clients that it becomes."""

import httpx

from adapters.contract.adapter import Adapter
from adapters.contract.errors import Refused
from adapters.greenhouse.adapter import GreenhouseAdapter
from adapters.greenhouse.client import GreenhouseClient, seconds_until_reset
from adapters.greenhouse.manifest import MANIFEST
from adapters.kit.http import HttpClient
from adapters.kit.oauth import MemoryTokens, OAuth
from adapters.kit.setup import OptionMissing, Setup, Vendor

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


def _make(setup: Setup) -> Adapter:
    base_url = origin(setup.base_url)
    # Whatever stands in for Harvest (a recording proxy, a test) gives its own tokens.
    tokens_at = TOKENS if httpx.URL(base_url).host == HARVEST else base_url
    oauth = OAuth(
        HttpClient(tokens_at, headers={}, transport=setup.transport),
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


VENDOR = Vendor(manifest=MANIFEST, package="adapters.greenhouse", make=_make)
