"""Every operation of the API description, against the running application: no 5xx, nothing undescribed."""

import copy
from collections.abc import Iterator

import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from tests.docs.openapi import document
from tests.fuzz.running import Door, running_door
from tests.fuzz.schema import Knocker, knock_everywhere


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A running Evenhand with interviews in it."""
    with running_door(tmp_path_factory.mktemp("door")) as running:
        yield running


@pytest.mark.long
def test_every_answer_is_described(door: Door) -> None:
    """Whatever is asked, signed in or not: a status and a media type that the description has, and never a 5xx."""
    knocker = Knocker(door, examples=5, seed=1)
    failures = knock_everywhere(knocker)
    assert failures == []
    statuses = knocker.answers.by_status
    assert {200, 303, 401, 403, 404, 422} <= set(statuses), statuses
    assert door.alive()


def test_an_answer_that_is_not_described_is_found(door: Door) -> None:
    """The check can fail: without the 404 in its description, a candidate's page is caught answering it."""
    altered = copy.deepcopy(document())
    del altered["paths"]["/i/{token}/check"]["get"]["responses"]["404"]
    operation = schemathesis.openapi.from_dict(altered)["/i/{token}/check"]["GET"]
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        Knocker(door, examples=20, seed=1).knock(operation, door.stranger, GenerationMode.POSITIVE)
