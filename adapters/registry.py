"""Which vendors there are, by key. Explicit: a vendor that is not written here does not exist."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files

import httpx

from adapters.ashby.vendor import VENDOR as ASHBY
from adapters.contract.adapter import Adapter
from adapters.contract.assessment import AssessmentReporter, AssessmentServer
from adapters.contract.errors import AdapterError, Unsupported
from adapters.contract.manifest import Manifest
from adapters.contract.tokens import TokenStore
from adapters.generic.vendor import VENDOR as GENERIC
from adapters.greenhouse.vendor import VENDOR as GREENHOUSE
from adapters.kit.oauth import ConsentFlow
from adapters.kit.quality import Grade, parse_quality
from adapters.kit.setup import CredentialMissing as CredentialMissing
from adapters.kit.setup import Setup, Vendor
from adapters.kombo.vendor import VENDOR as KOMBO
from adapters.lever.vendor import VENDOR as LEVER
from adapters.merge.vendor import VENDOR as MERGE
from adapters.odoo.vendor import VENDOR as ODOO
from adapters.recruitee.vendor import VENDOR as RECRUITEE
from adapters.sandbox.vendor import VENDOR as SANDBOX
from adapters.smartrecruiters.vendor import VENDOR as SMARTRECRUITERS
from adapters.teamtailor.vendor import VENDOR as TEAMTAILOR
from adapters.workable.vendor import VENDOR as WORKABLE


class UnknownVendor(AdapterError):
    """No adapter has this key."""


VENDORS: Mapping[str, Vendor] = {
    vendor.manifest.key: vendor
    for vendor in (
        SANDBOX,
        RECRUITEE,
        GREENHOUSE,
        ASHBY,
        WORKABLE,
        SMARTRECRUITERS,
        ODOO,
        TEAMTAILOR,
        LEVER,
        GENERIC,
        MERGE,
        KOMBO,
    )
}


def create(
    key: str,
    *,
    base_url: str,
    credentials: Mapping[str, str],
    options: Mapping[str, str] | None = None,
    tokens: TokenStore | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Adapter:
    """Make a connection to the vendor ``key``. ``transport`` is for tests.

    Raises:
        UnknownVendor: there is no such vendor.
        CredentialMissing: the vendor needs a credential that is not there or empty.
        OptionMissing: the vendor needs an option that is not there, or knows none of that name.
    """
    setup = Setup(base_url=base_url, credentials=credentials, options=options or {}, tokens=tokens, transport=transport)
    return _vendor(key).connect(setup)


def consent_flow(
    key: str,
    *,
    base_url: str,
    credentials: Mapping[str, str],
    options: Mapping[str, str] | None = None,
    redirect_uri: str,
) -> ConsentFlow | None:
    """How an administrator connects the vendor ``key`` in the browser; None where the set-up needs no consent.

    Raises:
        UnknownVendor: there is no such vendor.
    """
    setup = Setup(base_url=base_url, credentials=credentials, options=options or {})
    return _vendor(key).flow(setup, redirect_uri=redirect_uri)


def create_orders(
    key: str,
    *,
    base_url: str,
    credentials: Mapping[str, str],
    options: Mapping[str, str] | None = None,
    tokens: TokenStore | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> tuple[AssessmentServer, AssessmentReporter]:
    """Make both halves of the vendor's partner assessments: the one that it calls, and the one that we call.

    Raises:
        UnknownVendor: there is no such vendor.
        Unsupported: nothing can be ordered in this vendor.
        CredentialMissing: the vendor needs another credential to be told results.
    """
    orders = _vendor(key).orders
    if orders is None:
        raise Unsupported("ordering assessments")
    setup = Setup(base_url=base_url, credentials=credentials, options=options or {}, tokens=tokens, transport=transport)
    return orders.server(), orders.reporter(setup)


def orderable() -> frozenset[str]:
    """Keys of the vendors in which assessments can be ordered."""
    return frozenset(key for key, vendor in VENDORS.items() if vendor.orders is not None)


def manifests() -> tuple[Manifest, ...]:
    """List the facts of every vendor, by key."""
    return tuple(VENDORS[key].manifest for key in sorted(VENDORS))


def quality(key: str) -> Mapping[str, Grade]:
    """Read the quality file of the vendor ``key``.

    Raises:
        UnknownVendor: there is no such vendor.
        QualityInvalid: the file is wrong.
    """
    package = _vendor(key).package
    text = files(package).joinpath("quality.yaml").read_text("utf-8")
    return parse_quality(text, source=f"{package}/quality.yaml")


def _vendor(key: str) -> Vendor:
    if key in VENDORS:
        return VENDORS[key]
    near = get_close_matches(key, VENDORS, n=1, cutoff=0.5)
    meant = f", did you mean {near[0]!r}?" if near else ""
    raise UnknownVendor(f"there is no adapter {key!r}{meant} (there are: {', '.join(sorted(VENDORS))})")
