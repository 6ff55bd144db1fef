"""SmartRecruiters in the list of vendors: with an API key, or with OAuth client credentials."""

import httpx

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


def request_by(setup: Setup) -> tuple[HttpClient, OAuth | None]:
    """HTTP with the credentials of a connection.

    Raises:
        CredentialMissing: there is neither an API key nor a whole pair of OAuth credentials.
    """
    key = setup.credentials.get("api_key")
    oauth = None if key else sign_in(setup)
    http = HttpClient(
        setup.base_url,
        headers={"X-SmartToken": key} if key else {},
        hosts=frozenset(MANIFEST.hosts),
        credentials=oauth,
        hints=read_hints,
        wait=mapping.wait,
        transport=setup.transport,
    )
    return http, oauth


def sign_in(setup: Setup) -> OAuth:
    """Client credentials, sent in the form and as a header: the vendor's own examples have them in the form."""
    client_id, client_secret = (setup.credentials.get(name, "") for name in ("client_id", "client_secret"))
    if not (client_id and client_secret):
        raise CredentialMissing(MANIFEST.key, "api_key" if not client_id else "client_secret")
    url = httpx.URL(setup.options.get("token_url") or TOKEN_URL)
    return OAuth(
        HttpClient(str(url.copy_with(raw_path=b"/")), headers={}, transport=setup.transport),
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
    """The half of the Assessment API that we call; it wants OAuth credentials, of the customer's level."""
    http, oauth = request_by(setup)
    return SmartRecruitersReporter(http, oauth=oauth)


VENDOR = Vendor(
    manifest=MANIFEST,
    package="adapters.smartrecruiters",
    make=_make,
    orders=OrderSide(server=SmartRecruitersAssessments, reporter=make_reporter),
)
