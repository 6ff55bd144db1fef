"""What the outside sees when something inside goes wrong: when to come again where that helps, and never an internal word."""

import asyncio
import errno
import logging
import socket
import sqlite3

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateNotFound
from litestar import Litestar, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.testing import TestClient

from orchestrator.errors import Busy, EvenhandError, GradingFailed
from orchestrator.web.app import create_app
from orchestrator.web.gates import READY_SECONDS, gates_of
from orchestrator.web.outage import Seldom, database_is_away

SPOKEN = "postgresql://owner:secret@10.1.2.3/evenhand"
BROWSER = {"accept": "text/html,*/*;q=0.8"}


def wrapped(kind: type[sa.exc.DBAPIError], original: BaseException) -> sa.exc.DBAPIError:
    return kind(f"SELECT {SPOKEN}", {"email": SPOKEN}, original)


AWAY = [
    sa.exc.TimeoutError(SPOKEN),
    wrapped(sa.exc.OperationalError, sqlite3.OperationalError("database is locked")),
    wrapped(sa.exc.InterfaceError, Exception(SPOKEN)),
    wrapped(sa.exc.DBAPIError, asyncpg.AdminShutdownError(SPOKEN)),
    wrapped(sa.exc.DBAPIError, asyncpg.InterfaceError(SPOKEN)),
    wrapped(sa.exc.DBAPIError, asyncpg.DeadlockDetectedError(SPOKEN)),
    asyncpg.CannotConnectNowError(SPOKEN),
    asyncpg.TooManyConnectionsError(SPOKEN),
    asyncpg.ConnectionDoesNotExistError(SPOKEN),
    asyncpg.ReadOnlySQLTransactionError(SPOKEN),
    ConnectionRefusedError(errno.ECONNREFUSED, SPOKEN),
    OSError(f"Multiple exceptions: {SPOKEN}"),
    socket.gaierror(-2, SPOKEN),
    TimeoutError(SPOKEN),
]
BROKEN = [
    ZeroDivisionError(SPOKEN),
    KeyError(SPOKEN),
    TemplateNotFound(SPOKEN),
    FileNotFoundError(errno.ENOENT, SPOKEN),
    wrapped(sa.exc.IntegrityError, asyncpg.UniqueViolationError(SPOKEN)),
    wrapped(sa.exc.ProgrammingError, asyncpg.UndefinedColumnError(SPOKEN)),
    asyncpg.UndefinedTableError(SPOKEN),
    EvenhandError(SPOKEN),
    GradingFailed(SPOKEN, retryable=True),
    HTTPException(status_code=502, detail=SPOKEN),
]


def failing(error: BaseException) -> Litestar:
    @get(["/page", "/api/thing"])
    async def fail() -> None:
        raise error

    @get("/i/{token:str}")
    async def fail_behind_a_link(token: FromPath[str]) -> None:
        raise error

    return create_app(
        handlers=[fail, fail_behind_a_link], services=None, secret_key="x" * 40, base_url="http://127.0.0.1"
    )


@pytest.mark.parametrize("error", AWAY, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("headers", [BROWSER, {}])
def test_a_database_that_is_away_is_no_defect(error: Exception, headers: dict[str, str]) -> None:
    """503 with the time to come again, as page and as problem."""
    with TestClient(failing(error), raise_server_exceptions=False) as client:
        for path in ("/page", "/api/thing", "/i/secret-token"):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert "secret" not in answer.text


@pytest.mark.parametrize("error", BROKEN, ids=lambda one: type(one).__name__)
def test_a_defect_is_a_defect(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Not hidden behind a 503; neither the answer nor the log repeats what the error said, or a candidate's path."""
    with TestClient(failing(error), raise_server_exceptions=False) as client, caplog.at_level(logging.DEBUG):
        for headers in (BROWSER, {}):
            answer = client.get("/i/secret-token", headers=headers)
            assert answer.status_code in {500, 502}
            assert not {"secret", "owner", "postgresql", type(error).__name__} & set(answer.text.split('"'))
            assert "10.1.2.3" not in answer.text
    said = [record.getMessage() for record in caplog.records if record.name.startswith("evenhand")]
    assert said
    assert not [line for line in said if "10.1.2.3" in line or "secret-token" in line]


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=12, max_size=80).filter(lambda text: text.strip() == text), st.sampled_from([*AWAY, *BROKEN]))
def test_no_words_of_an_error_leave(words: str, like: Exception) -> None:
    """Whatever an error says, no answer repeats it."""
    try:
        error: Exception = type(like)(words)
    except TypeError:
        error = RuntimeError(words)
    with TestClient(failing(error), raise_server_exceptions=False) as client:
        for headers in (BROWSER, {}):
            assert words not in client.get("/page", headers=headers).text


def test_a_full_house_says_when_to_come_again() -> None:
    """The seconds are those of the one who refused."""
    with TestClient(failing(Busy("too many deliveries at once", retry_after=17))) as client:
        answer = client.get("/api/thing")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "17")
        assert "in a moment" in client.get("/page", headers=BROWSER).text


def test_an_outage_is_logged_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of refused requests do not fill the disk."""
    with TestClient(failing(TimeoutError(SPOKEN)), raise_server_exceptions=False) as client:
        for _ in range(30):
            client.get("/api/thing")
    assert len([record for record in caplog.records if "the database is away" in record.getMessage()]) <= 2
    clock = iter([0.0, 0.5, 1.0, 1.5, 2.0])
    seldom = Seldom(1.0, clock=lambda: next(clock))
    assert [seldom.now() for _ in range(5)] == [True, False, True, False, True]


def test_cancelling_is_no_outage() -> None:
    """Only what passes by itself is."""
    assert not database_is_away(asyncio.CancelledError())


async def test_readiness_that_hangs_is_asked_once_and_forgotten_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """No heap of questions builds up behind a dead line, and a new one is asked when the old one is too old."""
    monkeypatch.setattr("orchestrator.web.gates._FORGOTTEN_SECONDS", READY_SECONDS + 0.1)
    gates = gates_of(failing(ZeroDivisionError()))
    asked = 0

    async def hang() -> tuple[str, ...]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(3600 if asked == 1 else 0)
        return ()

    gates.readiness[:] = [hang]
    answers = await asyncio.gather(*(gates.troubles() for _ in range(20)))
    assert set(answers) == {("the database does not answer in time",)}
    assert asked == 1
    await asyncio.sleep(0.2)
    assert await gates.troubles() == ()
    assert asked == 2
