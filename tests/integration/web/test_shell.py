"""The shell around every page: headers, CSRF, sizes, limits, errors, static files."""

import logging
import re
from collections.abc import Iterator

import pytest
from litestar import Litestar, Response, get, post
from litestar.exceptions import HTTPException, TooManyRequestsException
from litestar.params import FromPath
from litestar.testing import TestClient

from orchestrator.errors import Forbidden, InputInvalid, Missing, Stale, TransitionRefused, Unauthenticated
from orchestrator.web.app import FORM_LIMIT, create_app
from orchestrator.web.rate_limit import Buckets, Door

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SECRET = "token-that-nobody-may-see"
SPOKEN = "what-a-candidate-said"
_REFUSALS = {
    "missing": Missing("gone"),
    "forbidden": Forbidden("Only an admin may do this."),
    "stale": Stale("Somebody else decided first."),
    "transition": TransitionRefused("internal words"),
    "invalid": InputInvalid("Mend it.", fields={"reason": "Too short."}),
    "sign-in-first": Unauthenticated("Please sign in."),
    "broken": ZeroDivisionError("internal words"),
    "unavailable": HTTPException(status_code=503, detail="internal words"),
}


@get("/raise/{kind:str}")
async def refuse(kind: FromPath[str]) -> None:
    """Raise what the path names."""
    raise _REFUSALS[kind]


@get("/i/{token:str}/broken")
async def broken(token: FromPath[str]) -> None:
    """Fail under a candidate's link."""
    raise ZeroDivisionError(len(token))


@get("/spoken")
async def repeat_what_was_said() -> None:
    """Fail as a library does that puts what it was given into its words."""
    try:
        int(SPOKEN)
    except ValueError as error:
        raise RuntimeError(f"could not store {SPOKEN}") from error


@post(["/i/{token:str}/echo", "/hooks/{token:str}"])
async def echo(token: FromPath[str]) -> Response[str]:
    """Accept a post."""
    return Response(token[:0] + "ok")


def make_app(
    *, base_url: str = "http://127.0.0.1", doors: tuple[Door, ...] = (), troubles: tuple[str, ...] = ()
) -> Litestar:
    async def readiness() -> tuple[str, ...]:
        return troubles

    return create_app(
        handlers=[refuse, broken, repeat_what_was_said, echo],
        services=None,
        secret_key="a secret for tests only, long enough",
        base_url=base_url,
        readiness=readiness,
        doors=doors,
    )


@pytest.fixture
def client() -> Iterator[TestClient[Litestar]]:
    with TestClient(make_app(), raise_server_exceptions=False) as one:
        yield one


def token_of(client: TestClient[Litestar]) -> str:
    client.get("/healthz")
    return client.cookies["evenhand_csrf"]


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/raise/broken", "/raise/stale"])
def test_every_answer_is_locked_down(client: TestClient[Litestar], path: str) -> None:
    """Errors carry the same headers as pages, and nothing personal is kept by a browser."""
    headers = client.get(path, headers=BROWSER).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "microphone=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers


def test_https_makes_cookies_secure_and_is_remembered() -> None:
    """Over https: HSTS, and a cookie that never travels in the clear."""
    with TestClient(make_app(base_url="https://interviews.example")) as client:
        answer = client.get("/healthz")
    assert "max-age=" in answer.headers["strict-transport-security"]
    cookie = answer.headers["set-cookie"].lower()
    assert "secure" in cookie
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_a_post_without_the_form_token_is_refused_kindly(client: TestClient[Litestar]) -> None:
    """Another site cannot post for somebody; a person reads what to do."""
    answer = client.post("/i/x/echo", data={}, headers=BROWSER)
    assert answer.status_code == 403
    assert "load the page again" in answer.text
    assert client.post("/i/x/echo", data={"_csrf_token": token_of(client)}).status_code == 201


def test_hooks_need_no_form_token(client: TestClient[Litestar]) -> None:
    """Webhooks prove themselves by their signature."""
    assert client.post("/hooks/x", content=b"{}").status_code == 201


def test_a_body_over_the_limit_is_refused(client: TestClient[Litestar]) -> None:
    """413 before anything is kept; the longest allowed answer in the costliest encoding fits."""
    token = token_of(client)
    fits = {"answer": "\U0001f600" * 8000, "_csrf_token": token}
    assert client.post("/i/x/echo", data=fits).status_code == 201
    answer = client.post("/i/x/echo", data={"answer": "x" * FORM_LIMIT, "_csrf_token": token}, headers=BROWSER)
    assert answer.status_code == 413
    assert "too long" in answer.text


@pytest.mark.parametrize(
    ("kind", "status"),
    [("missing", 404), ("forbidden", 403), ("stale", 409), ("transition", 409), ("invalid", 422), ("unavailable", 503)],
)
def test_refusals_have_their_status_as_page_and_as_problem(
    client: TestClient[Litestar], kind: str, status: int
) -> None:
    """A browser gets a page, a program a problem document, with the same status and no internal word."""
    page = client.get(f"/raise/{kind}", headers=BROWSER)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    document = client.get(f"/raise/{kind}")
    assert document.status_code == status
    assert document.headers["content-type"] == "application/problem+json"
    assert document.json()["status"] == status
    assert "internal" not in page.text + document.text


def test_a_problem_names_the_fields(client: TestClient[Litestar]) -> None:
    """A program learns which field to mend."""
    assert client.get("/raise/invalid").json() == {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "Mend it.",
        "errors": {"reason": "Too short."},
    }


def test_machine_paths_never_get_a_page(client: TestClient[Litestar]) -> None:
    """Whatever it accepts, a webhook sender reads problem documents."""
    answer = client.get("/hooks/x/y/z", headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_who_is_not_signed_in_is_led_to_sign_in(client: TestClient[Litestar]) -> None:
    """A person comes back to the same page afterwards; a program gets 401."""
    answer = client.get("/raise/sign-in-first", headers=BROWSER, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fraise%2Fsign-in-first"
    assert client.get("/raise/sign-in-first").status_code == 401


def test_a_crash_says_nothing_and_logs_no_link(client: TestClient[Litestar], caplog: pytest.LogCaptureFixture) -> None:
    """The cause is in the log under the route's pattern; the secret in the path is nowhere."""
    with caplog.at_level(logging.INFO, logger="evenhand.web"):
        answer = client.get(f"/i/{SECRET}/broken", headers=BROWSER)
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    ours = [record for record in caplog.records if record.name == "evenhand.web"]
    assert [record.getMessage().partition(" at ")[0] for record in ours] == [
        "request failed: GET /i/{token}/broken: ZeroDivisionError"
    ]
    assert all(SECRET not in str(vars(record)) for record in ours)


def test_the_log_names_what_failed_and_where_but_repeats_no_words(
    client: TestClient[Litestar], caplog: pytest.LogCaptureFixture
) -> None:
    """Types along the chain of causes, and frames; an error's own words may be a candidate's."""
    with caplog.at_level(logging.INFO):
        assert client.get("/spoken", headers=BROWSER).status_code == 500
    assert "RuntimeError from ValueError at " in caplog.text
    assert re.search(r"test_shell\.py:\d+ in repeat_what_was_said", caplog.text)
    assert SPOKEN not in caplog.text
    assert all(SPOKEN not in str(vars(record)) for record in caplog.records)


def test_one_address_is_slowed_down() -> None:
    """After its burst an address waits; reading is never limited."""
    with TestClient(make_app(doors=(Door("/i/", burst=2, per_minute=1),))) as client:
        form = {"_csrf_token": token_of(client)}
        statuses = [client.post("/i/x/echo", data=form).status_code for _ in range(3)]
        refused = client.post("/i/x/echo", data=form, headers=BROWSER)
        assert statuses == [201, 201, 429]
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert "Nothing is lost" in refused.text
        assert client.get("/healthz").status_code == 200
        assert client.post("/hooks/x", content=b"{}").status_code == 201


def test_readiness_says_what_is_missing() -> None:
    """A balancer sees 503 and a person the reason; the process itself is alive."""
    with TestClient(make_app(troubles=("the database does not answer",))) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["detail"] == "the database does not answer"
        assert client.get("/healthz").text == "ok\n"
    with TestClient(make_app()) as client:
        assert client.get("/readyz").status_code == 200


def test_the_limit_forgets_rather_than_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many addresses at once: everybody starts afresh, nobody is locked out for good."""
    monkeypatch.setattr("orchestrator.web.rate_limit._MOST_ADDRESSES", 1)
    buckets = Buckets(Door("/i/", burst=1, per_minute=1))
    buckets.take("192.0.2.1")
    with pytest.raises(TooManyRequestsException):
        buckets.take("192.0.2.1")
    buckets.take("192.0.2.2")
    buckets.take("192.0.2.1")


def test_the_design_page_is_served_on_request_only(client: TestClient[Litestar]) -> None:
    """Production does not show it; where it is shown, an unknown theme is the reader's own."""
    assert client.get("/design").status_code == 404
    shown = create_app(handlers=[], services=None, secret_key="x" * 40, base_url="http://x", show_design=True)
    with TestClient(shown) as designer:
        assert 'data-theme="contrast"' in designer.get("/design?theme=contrast").text
        assert "data-theme" not in designer.get('/design?theme="><script>').text
