"""The API description has every route, says enough of each, and is the one in the documentation."""

import re
from typing import Any

import pytest
from litestar import get

from orchestrator.web.app import create_app
from orchestrator.web.openapi import Undescribed, describe
from tests.docs.openapi import FILE, description, document

OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    f"{method} {path}": (path, operation)
    for path, item in document()["paths"].items()
    for method, operation in item.items()
}


def test_the_documented_description_is_current() -> None:
    """The file is what the routes say now; `python -m tests.docs.openapi` writes it anew."""
    assert FILE.read_text("utf-8") == description()


def test_names_are_unique() -> None:
    """An operation is called by its id."""
    ids = [operation["operationId"] for _, operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids) > 30


@pytest.mark.parametrize(("path", "operation"), OPERATIONS.values(), ids=list(OPERATIONS))
def test_every_operation_says_enough(path: str, operation: dict[str, Any]) -> None:
    """A summary, every part of its path, at least one good answer, and for a form what is refused."""
    assert operation["summary"]
    named = [parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"]
    assert named == re.findall(r"\{(\w+)\}", path)
    assert min(operation["responses"])[0] in "23"
    if "requestBody" in operation:
        assert {"400", "413"} <= set(operation["responses"])


def test_every_reference_leads_somewhere() -> None:
    """Nothing is referred to that is not there, and nothing is there that nobody refers to."""
    text = description()
    wanted = set(re.findall(r'"#/components/(\w+/\w+)"', text))
    components = document()["components"]
    there = {f"{kind}/{name}" for kind in ("schemas", "responses") for name in components[kind]}
    assert wanted == there


def test_a_route_without_a_row_is_an_error() -> None:
    """Nobody adds a door that the description does not have."""

    @get("/back-door")
    async def back_door() -> None: ...

    app = create_app(handlers=[back_door], services=None, secret_key="k" * 32, base_url="http://127.0.0.1")
    with pytest.raises(Undescribed, match="GET /back-door"):
        describe(app, version="0")


def test_the_description_is_served_by_nobody() -> None:
    """Strangers are told nothing: the application has no route for it."""
    app = create_app(handlers=[], services=None, secret_key="k" * 32, base_url="http://127.0.0.1")
    assert [route.path for route in app.routes if "openapi" in route.path or "schema" in route.path] == []
