"""The fakes stand for the real services: both have what the team's pages call, with the same arguments."""

import inspect

import pytest

from orchestrator.services.accounts import Accounts
from orchestrator.services.credentials.consenting import Consenting
from orchestrator.services.doctor.examining import Doctor
from orchestrator.services.operating import Operating
from orchestrator.services.result_links import ResultLinks
from orchestrator.services.review.reviewing import Reviewing
from orchestrator.services.stopping import Stopping
from orchestrator.web.team_services import (
    AccountsDoor,
    ConsentingDoor,
    DoctorDoor,
    OperatingDoor,
    ResultLinksDoor,
    ReviewingDoor,
    StoppingDoor,
)
from tests.fixtures.fake_team_services import (
    FakeAccounts,
    FakeConsenting,
    FakeDoctor,
    FakeOperating,
    FakeReviewing,
    FakeStopping,
)
from tests.fixtures.team_result_links import FakeResultLinks


@pytest.mark.parametrize(
    ("door", "real", "fake"),
    [
        (AccountsDoor, Accounts, FakeAccounts),
        (ReviewingDoor, Reviewing, FakeReviewing),
        (OperatingDoor, Operating, FakeOperating),
        (ConsentingDoor, Consenting, FakeConsenting),
        (StoppingDoor, Stopping, FakeStopping),
        (DoctorDoor, Doctor, FakeDoctor),
        (ResultLinksDoor, ResultLinks, FakeResultLinks),
    ],
)
def test_pages_services_and_fakes_agree(door: type, real: type, fake: type) -> None:
    """Every call of a page has the same parameters and result in the real service and in the fake."""
    calls = [name for name, member in vars(door).items() if inspect.isfunction(member) and not name.startswith("_")]
    assert calls
    for name in calls:
        wanted = inspect.signature(getattr(door, name))
        assert inspect.signature(getattr(real, name)) == wanted, name
        assert inspect.signature(getattr(fake, name)) == wanted, name
