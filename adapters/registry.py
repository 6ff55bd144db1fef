"""Which vendors there are, by key. Explicit: a vendor that is not written here does not exist."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files

import httpx

from adapters.ashby.vendor import VENDOR as ASHBY
from adapters.contract.adapter import Adapter
from adapters.contract.errors import AdapterError
from adapters.contract.manifest import Manifest
from adapters.contract.tokens import TokenStore
from adapters.greenhouse.vendor import VENDOR as GREENHOUSE
from adapters.kit.quality import Grade, parse_quality
from adapters.kit.setup import CredentialMissing as CredentialMissing
from adapters.kit.setup import Setup, Vendor
from adapters.lever.vendor import VENDOR as LEVER
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
    for vendor in (SANDBOX, RECRUITEE, GREENHOUSE, ASHBY, WORKABLE, SMARTRECRUITERS, ODOO, TEAMTAILOR, LEVER)
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
