"""The REST API over real HTTP: keys, scopes, limits, paging, records, problems."""

import math
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from adapters.sandbox.server.gate import TokenBucket
from tests.fixtures.sandbox import API_KEY, FAST, SCOPES, Sandbox, running_sandbox

APP = "/api/v1/applications/app_000001"
NEEDS = {
    ("GET", "/api/v1/jobs"): {"jobs:read"},
    ("GET", "/api/v1/jobs/job_000001"): {"jobs:read"},
    ("GET", "/api/v1/jobs/job_000001/stages"): {"jobs:read"},
    ("GET", "/api/v1/candidates/cand_000001"): {"candidates:read"},
    ("GET", "/api/v1/applications"): {"applications:read"},
    ("GET", APP): {"applications:read", "candidates:read"},
    ("GET", f"{APP}/profile"): {"applications:read", "candidates:read", "fields:read", "notes:read"},
    ("GET", f"{APP}/custom_fields"): {"fields:read"},
    ("GET", f"{APP}/notes"): {"notes:read"},
    ("GET", f"{APP}/activity"): {"applications:read"},
    ("GET", "/api/v1/fields"): {"fields:read"},
    ("PATCH", f"{APP}/custom_fields"): {"fields:write"},
    ("POST", f"{APP}/notes"): {"notes:write"},
    ("POST", f"{APP}/move"): {"applications:move"},
    ("POST", "/api/v1/jobs"): {"admin"},
    ("PATCH", "/api/v1/jobs/job_000001"): {"admin"},
    ("POST", "/api/v1/candidates"): {"admin"},
    ("POST", "/api/v1/applications"): {"admin"},
    ("POST", "/api/v1/fields"): {"admin"},
    ("POST", "/api/v1/keys"): {"admin"},
    ("POST", "/api/v1/webhooks"): {"admin"},
    ("GET", "/api/v1/webhooks"): {"webhooks:read"},
    ("GET", "/api/v1/faults"): {"admin"},
    ("PUT", "/api/v1/faults"): {"admin"},
}
BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", f"{APP}/custom_fields"): {},
    ("POST", f"{APP}/notes"): {"body": "a note"},
    ("POST", f"{APP}/move"): {"stage_id": "stg_000003"},
    ("POST", "/api/v1/jobs"): {"title": "Guide", "stages": [{"name": "Applied"}]},
    ("PATCH", "/api/v1/jobs/job_000001"): {"status": "open"},
    ("POST", "/api/v1/candidates"): {"first_name": "Ada", "last_name": "Byron"},
    ("POST", "/api/v1/applications"): {"candidate_id": "cand_000001", "job_id": "job_000002"},
    ("POST", "/api/v1/fields"): {"key": "size", "name": "Size", "kind": "text"},
    ("POST", "/api/v1/keys"): {"name": "Another", "scopes": []},
    ("POST", "/api/v1/webhooks"): {"url": "http://127.0.0.1:9/x"},
    ("PUT", "/api/v1/faults"): {},
}


async def ask(sandbox: Sandbox, method: str, path: str, key: str | None, **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {"Authorization": ""}
    return await sandbox.admin.request(method, path, headers=headers, **options)


async def test_scopes(sandbox: Sandbox) -> None:
    """Every route needs exactly its scopes: with them it answers, without any one of them it names that one."""
    for (method, path), needed in NEEDS.items():
        body = BODIES.get((method, path))
        enough = await ask(sandbox, method, path, sandbox.key(*sorted(needed)), json=body)
        assert enough.is_success, (method, path, enough.text)
        for scope in needed:
            others = sandbox.key(*(other for other in SCOPES if other not in {scope, "admin"}))
            lacking = await ask(sandbox, method, path, others, json=body)
            assert lacking.status_code == 403, (method, path)
            assert lacking.json()["required_scope"] == scope


async def test_keys(sandbox: Sandbox) -> None:
    """Without a key, or with a wrong one, everything is 401 in a problem document; a new value retires the old one."""
    for method, path in NEEDS:
        for key in (None, "wrong-key-that-is-long", ""):
            answer = await ask(sandbox, method, path, key, json={})
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
    made = [
        (await sandbox.admin.post("/api/v1/keys", json={"name": "K", "scopes": ["jobs:read"]})).json() for _ in "12"
    ]
    assert (await ask(sandbox, "GET", "/api/v1/me", made[0]["value"])).status_code == 401
    me = await ask(sandbox, "GET", "/api/v1/me", made[1]["value"])
    assert me.json() == made[1]["key"] | {"scopes": ["jobs:read"]}
    unknown = await sandbox.admin.post("/api/v1/keys", json={"name": "K", "scopes": ["everything"]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_scope")


async def test_application(sandbox: Sandbox) -> None:
    """An application has every documented member, and custom fields only for keys that may read them."""
    found = await sandbox.application("app_000004")
    assert set(found) == {
        "id", "candidate", "job", "stage", "stage_entry", "stage_history", "disposition", "source", "updated_at",
        "custom_fields",
    }  # fmt: skip
    assert found["stage"]["name"] == "Manager Review"
    assert [visit["stage"]["name"] for visit in found["stage_history"]][-2:] == ["First Interview", "Manager Review"]
    assert found["stage_entry"]["id"] == found["stage_history"][-1]["id"]
    blind = await ask(sandbox, "GET", APP, sandbox.key("applications:read", "candidates:read"))
    assert blind.json()["custom_fields"] is None


async def test_profile(sandbox: Sandbox) -> None:
    """The profile has exactly contact data, custom fields and notes."""
    before = await sandbox.profile("app_000001")
    assert before == {
        "candidate": {
            "id": "cand_000001",
            "first_name": "Amara",
            "last_name": "Okafor",
            "emails": ["amara.okafor@example.com"],
            "phones": ["+44 7700 900142"],
        },
        "custom_fields": {},
        "notes": [],
    }
    await sandbox.admin.patch(f"{APP}/custom_fields", json={"interview_score": 71, "interview_audit_ref": "r"})
    await sandbox.admin.post(f"{APP}/notes", json={"body": "Hello", "visibility": "team"})
    after = await sandbox.profile("app_000001")
    assert after["candidate"] == before["candidate"]
    assert after["custom_fields"] == {"interview_score": 71, "interview_audit_ref": "r"}
    assert [(note["body"], note["author"], note["visibility"]) for note in after["notes"]] == [
        ("Hello", "Sandbox admin", "team")
    ]


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("nothing", "x", "unknown_field"),
        ("interview_band", "Superb", "not_an_option"),
        ("interview_band", 3, "wrong_type"),
        ("interview_score", "71", "not_a_number"),
        ("interview_score", True, "not_a_number"),
        ("interview_audit_ref", "x" * 81, "too_long"),
        ("interview_subscores", "x" * 1001, "too_long"),
        ("interview_link", "javascript:alert(1)", "not_a_url"),
        ("interview_link", "http://[", "not_a_url"),
        ("interview_link", "", "not_a_url"),
    ],
)
async def test_field_refusals(sandbox: Sandbox, key: str, value: object, code: str) -> None:
    """A value that does not fit is refused by name, and nothing else of the request is written."""
    answer = await sandbox.admin.patch(f"{APP}/custom_fields", json={"interview_completion": "Invited", key: value})
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(key, code)]
    assert (await sandbox.profile("app_000001"))["custom_fields"] == {}


async def test_field_changes_are_logged(sandbox: Sandbox) -> None:
    """A change says who, what, old and new; writing the same again says nothing; null clears."""
    for value in ("Invited", "Invited", "Completed", None):
        answer = await ask(sandbox, "PATCH", f"{APP}/custom_fields", API_KEY, json={"interview_completion": value})
        assert answer.status_code == 200
    assert answer.json() == {}
    lines = (await sandbox.get(f"{APP}/activity"))["items"]
    changes = [(line["actor"], line["old"], line["new"]) for line in lines if line["action"] == "field.changed"]
    who = "Interview integration"
    assert changes == [(who, None, "Invited"), (who, "Invited", "Completed"), (who, "Completed", None)]


async def test_move(sandbox: Sandbox) -> None:
    """A move makes a new entry and closes the last one; the same stage again does not; a final stage disposes."""
    mover = sandbox.key("applications:move")
    for stage, disposition in (("Offer", None), ("Offer", None), ("Hired", "hired"), ("Applied", None)):
        body = {"stage_id": sandbox.stage_id(stage)}
        answer = await ask(sandbox, "POST", f"{APP}/move", mover, json=body)
        assert answer.status_code == 200
        assert answer.json()["disposition"] == disposition
    history = answer.json()["stage_history"]
    assert [visit["stage"]["name"] for visit in history][-3:] == ["Offer", "Hired", "Applied"]
    assert [visit["left_at"] is None for visit in history] == [False] * (len(history) - 1) + [True]
    foreign = await ask(sandbox, "POST", f"{APP}/move", mover, json={"stage_id": sandbox.stage_id("Offer", job=1)})
    assert (foreign.status_code, foreign.json()["code"]) == (422, "foreign_stage")


async def test_conflicts_and_missing(sandbox: Sandbox) -> None:
    """Doubles are 409, strangers 404, broken requests 400 or 422; always a problem document."""
    post, get = sandbox.admin.post, sandbox.admin.get
    answers = {
        "again": (
            await post("/api/v1/applications", json={"candidate_id": "cand_000001", "job_id": "job_000001"}),
            409,
        ),
        "field": (await post("/api/v1/fields", json={"key": "interview_band", "name": "x", "kind": "text"}), 409),
        "options": (await post("/api/v1/fields", json={"key": "k", "name": "x", "kind": "select"}), 422),
        "no stage": (await post("/api/v1/jobs", json={"title": "x", "stages": []}), 422),
        "final first": (
            await post("/api/v1/jobs", json={"title": "x", "stages": [{"name": "H", "kind": "hired"}]}),
            422,
        ),
        "nobody": (await get("/api/v1/applications/app_999999"), 404),
        "no id": (await get("/api/v1/applications/1;drop"), 404),
        "huge id": (await get(f"/api/v1/applications/app_{'9' * 40}"), 404),
        "job": (await get("/api/v1/jobs/job_9/stages"), 404),
        "candidate": (await get("/api/v1/candidates/cand_9"), 404),
        "webhook": (await get("/api/v1/webhooks/hook_9/deliveries"), 404),
        "empty note": (await post(f"{APP}/notes", json={"body": "  "}), 422),
        "long note": (await post(f"{APP}/notes", json={"body": "x" * 10_001}), 422),
        "bad json": (await post(f"{APP}/notes", content=b"{"), 400),
        "extra": (await post(f"{APP}/notes", json={"body": "x", "pinned": True}), 400),
        "webhook url": (await post("/api/v1/webhooks", json={"url": "ftp://x"}), 422),
        "webhook secret": (await post("/api/v1/webhooks", json={"url": "http://x", "secret": ""}), 422),
        "webhook event": (await post("/api/v1/webhooks", json={"url": "http://x", "events": ["z"]}), 422),
        "limit": (await get("/api/v1/applications", params={"limit": 1000}), 400),
        "cursor": (await get("/api/v1/applications", params={"cursor": "%%%"}), 400),
        "time": (await get("/api/v1/applications", params={"updated_after": "yesterday"}), 400),
        "naive": (await get("/api/v1/applications", params={"updated_after": "2026-01-01T00:00:00"}), 400),
        "large": (await post(f"{APP}/notes", json={"body": "x" * 1_000_001}), 413),
    }
    for name, (answer, expected) in answers.items():
        assert answer.status_code == expected, (name, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", name
        assert answer.json()["status"] == expected


@pytest.mark.parametrize("limit", [1, 3, 10, 100])
async def test_paging(sandbox: Sandbox, limit: int) -> None:
    """Pages of any size have every application once, oldest change first, and end."""
    found: list[dict[str, Any]] = []
    params: dict[str, Any] = {"limit": limit}
    for _ in range(12):
        page = await sandbox.get("/api/v1/applications", **params)
        found += page["items"]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert page["next_cursor"] is None
    assert sorted(item["id"] for item in found) == list(sandbox.pilot.application_ids)
    assert [item["updated_at"] for item in found] == sorted(item["updated_at"] for item in found)


async def test_updated_after(sandbox: Sandbox) -> None:
    """Only later changes are listed, whichever offset the time is written in."""
    newest = max(
        datetime.fromisoformat(item["updated_at"]) for item in (await sandbox.get("/api/v1/applications"))["items"]
    )
    assert (await sandbox.get("/api/v1/applications", updated_after=newest.isoformat()))["items"] == []
    await sandbox.admin.post(f"{APP}/notes", json={"body": "x"})
    changed = await sandbox.get("/api/v1/applications", updated_after=newest.isoformat())
    assert [item["id"] for item in changed["items"]] == ["app_000001"]
    earlier = (newest - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert len((await sandbox.get("/api/v1/applications", updated_after=earlier))["items"]) == 10
    assert len((await sandbox.get("/api/v1/applications", job_id="job_000002"))["items"]) == 4


async def test_rate_limit() -> None:
    """Beyond the burst comes 429 with whole seconds to wait; another key is not concerned."""
    settings = msgspec.structs.replace(FAST, burst=3, requests_per_second=0.5)
    async with running_sandbox(settings=settings) as sandbox:
        answers = [await ask(sandbox, "GET", "/api/v1/me", API_KEY) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[3].headers["retry-after"] == "2"
        assert (await ask(sandbox, "GET", "/api/v1/me", sandbox.key("jobs:read"))).status_code == 200


def test_token_bucket() -> None:
    """The bucket refills with time, never beyond its burst."""
    now = [0.0]
    bucket = TokenBucket(per_second=2, burst=2, clock=lambda: now[0])
    assert [bucket.take() for _ in range(3)] == [0.0, 0.0, 0.5]
    now[0] = 0.5
    assert bucket.take() == 0.0
    now[0] = 1000.0
    assert [math.ceil(bucket.take()) for _ in range(3)] == [0, 0, 1]


async def test_host_header(sandbox: Sandbox) -> None:
    """A web page that rebinds its own name to loopback gets no answer."""
    answer = await sandbox.admin.get("/api/v1/me", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "unknown_host"
