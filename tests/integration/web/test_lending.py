"""The tests' own applications, lent from one test to the next: nothing of a test may reach another one."""

import pytest
from litestar import Litestar, get
from litestar.di import NamedDependency, Provide
from litestar.testing import TestClient

from orchestrator.web.app import create_app
from orchestrator.web.gates import gates_of
from orchestrator.web.rate_limit import Door
from tests.fixtures.lending import Shelf, lent_product


class Named:
    """What an application holds of a test."""

    def __init__(self, name: str) -> None:
        self.name = name


@get("/name", sync_to_thread=False)
def name(inside: NamedDependency[Named]) -> str:
    """Whose application this is."""
    return inside.name


def built(inside: Named, _: None) -> Litestar:
    dependencies = {"inside": Provide(lambda: inside, sync_to_thread=False)}
    return Litestar([name], dependencies=dependencies, openapi_config=None, logging_config=None)


def knocking(_: object, burst: int) -> Litestar:
    doors = (Door("/healthz", burst=burst, per_minute=1, every=True),)
    return create_app(handlers=[], services=None, secret_key="x" * 40, base_url="http://127.0.0.1", doors=doors)


def test_each_borrower_finds_its_own_objects() -> None:
    """The second gets the first one's application and in it what it brought itself; two at once get one each."""
    shelf: Shelf[None] = Shelf(built)
    with shelf.lend(Named("first"), None, key=None) as first, TestClient(first) as client:
        assert client.get("/name").text == "first"
    with (
        shelf.lend(Named("second"), None, key=None) as second,
        shelf.lend(Named("third"), None, key=None) as third,
        TestClient(second) as one,
        TestClient(third) as other,
    ):
        assert (second is first, third is first) == (True, False)
        assert (one.get("/name").text, other.get("/name").text) == ("second", "third")


def test_what_a_failed_test_had_is_not_lent_again() -> None:
    """It may have been left in any state."""
    shelf: Shelf[None] = Shelf(built)
    with pytest.raises(ZeroDivisionError), shelf.lend(Named("first"), None, key=None) as first:
        raise ZeroDivisionError
    with shelf.lend(Named("second"), None, key=None) as second:
        assert second is not first


def test_nobody_has_knocked_at_what_is_lent() -> None:
    """Limits begin anew: those of addresses, those of connections, and what is kept of failures to sign in."""
    shelf: Shelf[int] = Shelf(knocking)
    for _ in range(2):
        with lent_product(shelf, None, 1, key=1) as app, TestClient(app) as client:
            assert [client.get("/healthz").status_code for _ in range(2)] == [200, 429]
            assert gates_of(app).connections._levels == {}
            gates_of(app).connections.take("somebody")
            with client.portal() as portal:
                assert portal.call(app.stores.get("sign_in").get, "tries") is None
                portal.call(app.stores.get("sign_in").set, "tries", "5")
