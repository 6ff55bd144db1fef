"""Lever in the list of vendors."""

from base64 import b64encode

import httpx

from adapters.contract.adapter import Adapter
from adapters.kit.http import HttpClient
from adapters.kit.oauth import Consent, MemoryTokens, OAuth
from adapters.kit.setup import CredentialMissing, Setup, Vendor
from adapters.lever.adapter import LeverAdapter
from adapters.lever.client import LeverClient, read_hints
from adapters.lever.manifest import MANIFEST
from adapters.lever.mapping import AUDIENCE_PATH, AUTHORIZE_PATH, CONSENT_MORE, OFFLINE, TOKEN_HOSTS, TOKEN_PATH


def _make(setup: Setup) -> Adapter:
    """An API key, or an OAuth app that the customer consented to.

    Raises:
        CredentialMissing: neither is there.
    """
    oauth, headers = None, {}
    if api_key := setup.credentials.get("api_key"):
        headers = {"Authorization": f"Basic {b64encode(f'{api_key}:'.encode()).decode()}"}
    else:
        oauth = _oauth(setup)
    http = HttpClient(
        _origin(setup.base_url),
        headers=headers,
        hosts=frozenset(MANIFEST.hosts),
        credentials=oauth,
        hints=read_hints,
        transport=setup.transport,
    )
    return LeverAdapter(LeverClient(http, oauth), act_as=setup.options.get("act_as"))


def _oauth(setup: Setup) -> OAuth:
    for name in ("client_id", "client_secret"):
        if not setup.credentials.get(name):
            raise CredentialMissing(MANIFEST.key, "api_key" if name == "client_id" else name)
    return OAuth(
        HttpClient(_endpoint(setup), headers={}, transport=setup.transport),
        TOKEN_PATH,
        client_id=setup.credentials["client_id"],
        client_secret=setup.credentials["client_secret"],
        store=setup.tokens or MemoryTokens(),
    )


def _consent(setup: Setup) -> Consent | None:
    """None with an API key."""
    if setup.credentials.get("api_key"):
        return None
    origin, endpoint = _origin(setup.base_url), _endpoint(setup).rstrip("/")
    return Consent(
        authorize_url=f"{endpoint}{AUTHORIZE_PATH}",
        token_url=f"{endpoint}{TOKEN_PATH}",
        scopes=(*MANIFEST.scopes, OFFLINE),
        audience=f"{origin}{AUDIENCE_PATH}",
        more=CONSENT_MORE.get(httpx.URL(origin).host, {}),
    )


def _endpoint(setup: Setup) -> str:
    # Whatever stands in for Lever (a recording proxy, a test) gives its own tokens.
    origin = _origin(setup.base_url)
    return setup.options.get("token_url") or TOKEN_HOSTS.get(httpx.URL(origin).host, origin)


def _origin(base_url: str) -> str:
    """The address without the version, which Lever's documentation has in it and our paths have too."""
    return base_url.rstrip("/").removesuffix("/v1")


VENDOR = Vendor(manifest=MANIFEST, package="adapters.lever", make=_make, consent=_consent)
