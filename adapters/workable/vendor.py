"""Workable in the list of vendors."""

from adapters.contract.adapter import Adapter
from adapters.contract.assessment import AssessmentReporter, AssessmentServer
from adapters.kit.http import HttpClient
from adapters.kit.setup import CredentialMissing, OrderSide, Setup, Vendor
from adapters.workable.adapter import WorkableAdapter
from adapters.workable.assessment import WorkableAssessments, WorkableReporter
from adapters.workable.manifest import MANIFEST


def _make(setup: Setup) -> Adapter:
    return WorkableAdapter(
        setup.base_url, setup.credentials["api_token"], act_as=setup.options["act_as"], transport=setup.transport
    )


def assessment_server() -> AssessmentServer:
    """The half that Workable calls."""
    return WorkableAssessments()


def assessment_reporter(setup: Setup) -> AssessmentReporter:
    """The half that we call.

    Raises:
        CredentialMissing: the connection has no ``assessment_token``.
    """
    token = setup.credentials.get("assessment_token", "")
    if not token:
        raise CredentialMissing(MANIFEST.key, "assessment_token")
    headers = {"Authorization": f"Bearer {token}"}
    hosts = frozenset(MANIFEST.hosts)
    return WorkableReporter(HttpClient(setup.base_url, headers=headers, hosts=hosts, transport=setup.transport))


VENDOR = Vendor(
    manifest=MANIFEST,
    package="adapters.workable",
    make=_make,
    orders=OrderSide(server=assessment_server, reporter=assessment_reporter),
)
