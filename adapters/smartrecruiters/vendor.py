"""SmartRecruiters in the list of vendors: with an API key, or with OAuth client credentials."""

from collections.abc import Mapping

import httpx
from typing_extensions import override

from adapters.contract.adapter import Adapter
from adapters.kit.http import HttpClient
from adapters.kit.oauth import MemoryTokens, OAuth
from adapters.kit.setup import CredentialMissing, OrderSide, Setup, Vendor
from adapters.smartrecruiters import mapping
from adapters.smartrecruiters.adapter import SmartRecruitersAdapter
from adapters.smartrecruiters.assessment import SmartRecruitersAssessments, SmartRecruitersReporter
from adapters.smartrecruiters.client import SmartRecruitersClient, read_hints
from adapters.smartrecruiters.manifest import MANIFEST

TOKEN_URL = "https://www.smartrecruiters.com/identity/oauth/token"  # noqa: S105 - an address; not confirmed by the vendor


class FormEndpoint(HttpClient):
    """A token endpoint that finds the credentials in the form: the same in a header beside it are forbidden (RFC 6749 §2.3)."""

    @override
    async def ask_form(self, path: str, fields: Mapping[str, str], *, headers: Mapping[str, str]) -> bytes:
        without = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        return await super().ask_form(path, fields, headers=without)


def request_by(setup: Setup) -> tuple[HttpClient, OAuth | None]:
    """HTTP with the credentials of a connection.

    Raises:
        CredentialMissing: there is neither an API key nor a whole pair of OAuth credentials.
    """
    key = setup.credentials.get("api_key")
    oauth = None if key else sign_in(setup)
    return _request(setup, headers={"X-SmartToken": key} if key else {}, oauth=oauth), oauth


def _request(setup: Setup, *, headers: Mapping[str, str] | None = None, oauth: OAuth | None) -> HttpClient:
    return HttpClient(
        setup.base_url,
        headers=headers or {},
        hosts=frozenset(MANIFEST.hosts),
        credentials=oauth,
        hints=read_hints,
        wait=mapping.wait,
        transport=setup.transport,
    )


def sign_in(setup: Setup) -> OAuth:
    """Client credentials, sent in the form, where the vendor's own examples have them."""
    client_id, client_secret = (setup.credentials.get(name, "") for name in ("client_id", "client_secret"))
    if not (client_id and client_secret):
        raise CredentialMissing(MANIFEST.key, "api_key" if not client_id else "client_secret")
    url = httpx.URL(setup.options.get("token_url") or TOKEN_URL)
    return OAuth(
        FormEndpoint(str(url.copy_with(raw_path=b"/")), headers={}, transport=setup.transport),
        url.path,
        client_id=client_id,
        client_secret=client_secret,
        store=setup.tokens or MemoryTokens(),
        grant={"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret},
    )


def _make(setup: Setup) -> Adapter:
    http, oauth = request_by(setup)
    return SmartRecruitersAdapter(SmartRecruitersClient(http, oauth=oauth))


def make_reporter(setup: Setup) -> SmartRecruitersReporter:
    """The half of the Assessment API that we call; an API key means nothing there.

    Raises:
        CredentialMissing: there is no whole pair of OAuth credentials (of the customer's level).
    """
    if not setup.credentials.get("client_id"):
        raise CredentialMissing(MANIFEST.key, "client_id")
    oauth = sign_in(setup)
    return SmartRecruitersReporter(_request(setup, oauth=oauth), oauth=oauth)


VENDOR = Vendor(
    manifest=MANIFEST,
    package="adapters.smartrecruiters",
    make=_make,
    orders=OrderSide(server=SmartRecruitersAssessments, reporter=make_reporter),
)
