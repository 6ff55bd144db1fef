"""Teamtailor in the list of vendors."""

from adapters.contract.adapter import Adapter
from adapters.kit.http import HttpClient
from adapters.kit.setup import CredentialMissing, OrderSide, Setup, Vendor
from adapters.teamtailor import mapping, orders
from adapters.teamtailor.adapter import TeamtailorAdapter
from adapters.teamtailor.assessment import TeamtailorAssessments, TeamtailorReporter
from adapters.teamtailor.client import TeamtailorClient, read_hints
from adapters.teamtailor.manifest import MANIFEST


def _make(setup: Setup) -> Adapter:
    http = HttpClient(
        setup.base_url,
        headers={
            "Authorization": f"Token token={setup.credentials['api_key']}",
            "X-Api-Version": setup.options.get("api_version") or mapping.API_VERSION,
        },
        hosts=frozenset(MANIFEST.hosts),
        hints=read_hints,
        wait=mapping.wait,
        content_type=mapping.CONTENT_TYPE,
        transport=setup.transport,
    )
    return TeamtailorAdapter(TeamtailorClient(http), act_as=setup.options["act_as"])


def make_reporter(setup: Setup) -> TeamtailorReporter:
    """The half of the partner API that we call.

    Raises:
        CredentialMissing: the connection has no key of the partner API.
    """
    key = setup.credentials.get("partner_key")
    if not key:
        raise CredentialMissing(MANIFEST.key, "partner_key")
    http = HttpClient(
        setup.base_url,
        headers={"Authorization": f"{orders.RESULT_SCHEME}{key}"},
        hosts=frozenset(MANIFEST.hosts),
        hints=read_hints,
        wait=mapping.wait,
        transport=setup.transport,
    )
    return TeamtailorReporter(http)


VENDOR = Vendor(
    manifest=MANIFEST,
    package="adapters.teamtailor",
    make=_make,
    orders=OrderSide(server=TeamtailorAssessments, reporter=make_reporter),
)
