"""What a connection is made of, and how a vendor says what it is."""

from collections.abc import Callable, Mapping

import httpx
from msgspec import Struct
from typing_extensions import override

from adapters.contract.adapter import Adapter
from adapters.contract.assessment import AssessmentReporter, AssessmentServer
from adapters.contract.errors import AdapterError
from adapters.contract.manifest import Manifest, Need
from adapters.contract.tokens import TokenStore
from adapters.kit.oauth import Consent, ConsentFlow


class CredentialMissing(AdapterError):
    """The connection lacks a credential or an option; ``name`` says which."""

    def __init__(self, vendor: str, name: str) -> None:
        super().__init__(f"a connection to {vendor} needs the credential {name!r}")
        self.name = name


class OptionMissing(AdapterError):
    """The connection lacks an option, or has one that the vendor does not know; ``name`` says which."""

    def __init__(self, vendor: str, name: str, words: str) -> None:
        super().__init__(f"a connection to {vendor} {words} the option {name!r}")
        self.name = name


class Setup(Struct, frozen=True, kw_only=True):
    """One connection's settings. ``tokens`` is where OAuth tokens are kept; ``transport`` is for tests."""

    base_url: str
    credentials: Mapping[str, str]
    options: Mapping[str, str] = {}
    tokens: TokenStore | None = None
    transport: httpx.AsyncBaseTransport | None = None

    @override
    def __repr__(self) -> str:
        # Credentials must not come into a log by way of a representation.
        return f"Setup(base_url={self.base_url!r})"


class OrderSide(Struct, frozen=True, kw_only=True):
    """A vendor's partner assessments: the half that it calls, and the half that we call.

    ``reporter`` raises CredentialMissing where the set-up lacks what results are told with.
    """

    server: Callable[[], AssessmentServer]
    reporter: Callable[[Setup], AssessmentReporter]


class Vendor(Struct, frozen=True, kw_only=True):
    """One vendor: its facts, its package, and how a connection is made of a checked set-up.

    ``orders`` where recruiters can order assessments in the ATS itself. ``consent`` says how the customer's consent is
    asked for, None where a set-up needs none; the set-up then has the credentials ``client_id`` and ``client_secret``.
    """

    manifest: Manifest
    package: str
    make: Callable[[Setup], Adapter]
    orders: OrderSide | None = None
    consent: Callable[[Setup], Consent | None] | None = None

    def connect(self, setup: Setup) -> Adapter:
        """Check that nothing is missing and make the connection; nothing is sent yet.

        Raises:
            CredentialMissing: a credential of the manifest is not there or empty.
            OptionMissing: an option is missing, or is not one of the manifest's.
        """
        for need in self.manifest.credentials:
            if _lacks(setup.credentials, need):
                raise CredentialMissing(self.manifest.key, need.name)
        for need in self.manifest.options:
            if _lacks(setup.options, need):
                raise OptionMissing(self.manifest.key, need.name, "needs")
        for name in setup.options:
            if name not in {need.name for need in self.manifest.options}:
                raise OptionMissing(self.manifest.key, name, "does not know")
        return self.make(setup)

    def flow(self, setup: Setup, *, redirect_uri: str) -> ConsentFlow | None:
        """How to ask for the customer's consent to a checked set-up; None where it needs none."""
        consent = self.consent(setup) if self.consent else None
        if consent is None:
            return None
        return ConsentFlow(
            consent,
            client_id=setup.credentials["client_id"],
            client_secret=setup.credentials["client_secret"],
            redirect_uri=redirect_uri,
            transport=setup.transport,
        )


def _lacks(given: Mapping[str, str], need: Need) -> bool:
    return not need.optional and not given.get(need.name)
