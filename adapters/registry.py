"""Which vendors there are, by key. Explicit: a vendor that is not written here does not exist."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.resources import files

import httpx
from msgspec import Struct

from adapters.contract.adapter import Adapter
from adapters.contract.errors import AdapterError
from adapters.contract.manifest import Manifest
from adapters.kit.quality import Grade, parse_quality
from adapters.sandbox.adapter import SandboxAdapter
from adapters.sandbox.manifest import MANIFEST as SANDBOX


class UnknownVendor(AdapterError):
    """No adapter has this key."""


class CredentialMissing(AdapterError):
    """The connection lacks a credential; ``name`` says which."""

    def __init__(self, vendor: str, name: str) -> None:
        super().__init__(f"a connection to {vendor} needs the credential {name!r}")
        self.name = name


class Vendor(Struct, frozen=True, kw_only=True):
    """One vendor: its facts, its package, and how a connection is made."""

    manifest: Manifest
    package: str
    make: Callable[[str, Mapping[str, str], httpx.AsyncBaseTransport | None], Adapter]


def _sandbox(base_url: str, credentials: Mapping[str, str], transport: httpx.AsyncBaseTransport | None) -> Adapter:
    return SandboxAdapter(base_url, _credential("sandbox", credentials, "api_key"), transport=transport)


VENDORS: Mapping[str, Vendor] = {
    SANDBOX.key: Vendor(manifest=SANDBOX, package="adapters.sandbox", make=_sandbox),
}


def create(
    key: str,
    *,
    base_url: str,
    credentials: Mapping[str, str],
    transport: httpx.AsyncBaseTransport | None = None,
) -> Adapter:
    """Make a connection to the vendor ``key``. ``transport`` is for tests.

    Raises:
        UnknownVendor: there is no such vendor.
        CredentialMissing: the vendor needs a credential that is not there or empty.
    """
    return _vendor(key).make(base_url, credentials, transport)


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


def _credential(vendor: str, credentials: Mapping[str, str], name: str) -> str:
    value = credentials.get(name, "")
    if not value:
        raise CredentialMissing(vendor, name)
    return value
