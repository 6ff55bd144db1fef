"""The web board over real HTTP: what a recruiter sees, moves and edits."""

import re

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from selectolax.lexbor import LexborNode

from tests.fixtures.sandbox import Sandbox, running_sandbox

CARD = "/applications/app_000001"


async def page(sandbox: Sandbox, path: str, status: int = 200) -> HTMLParser:
    answer = await sandbox.admin.get(path, headers={"Authorization": ""})
    assert answer.status_code == status, answer.text
    return HTMLParser(answer.text)


def first(tree: HTMLParser | LexborNode, selector: str) -> LexborNode:
    found = tree.css_first(selector)
    assert found is not None, selector
    return found


async def test_board_shows_the_pipeline(sandbox: Sandbox) -> None:
    """Every job is a tab, every stage a column with a heading, every application a card in its column."""
    tree = await page(sandbox, "/?job=job_000002")
    assert [tab.text(strip=True) for tab in tree.css("nav a")] == [
        "Customer Support Specialist", "Sales Development Representative", "Warehouse Associate",
    ]  # fmt: skip
    assert [tab.text(strip=True) for tab in tree.css("nav a[aria-current]")] == ["Sales Development Representative"]
    columns = {
        " ".join(first(column, "h2").text().split()): [name.text() for name in column.css(".name")]
        for column in tree.css(".column")
    }
    assert columns["Application Review 2"] == ["DeShawn Carter", "Lucía Fernández"]
    assert columns["Rejected 0"] == []
    assert len(columns) == 8


async def test_empty_board_teaches() -> None:
    """A sandbox without jobs says where jobs come from; an unknown job is not found."""
    async with running_sandbox() as sandbox:
        assert (await sandbox.admin.get("/?job=job_999999")).status_code == 404
        for table in ("deliveries", "activity", "stage_history", "applications", "stages", "jobs"):
            sandbox.store.write(f"DELETE FROM {table}")
        assert "No jobs yet" in first(await page(sandbox, "/"), "body").text()


async def test_card_shows_the_profile(sandbox: Sandbox) -> None:
    """Contact data, every custom field, notes and activity are on the card."""
    await sandbox.admin.patch(f"/api/v1{CARD}/custom_fields", json={"interview_summary": "• One\n• Two"})
    tree = await page(sandbox, CARD)
    text = first(tree, "body").text()
    for expected in ("amara.okafor@example.com", "+44 7700 900142", "• One\n• Two", "Interview audit reference"):
        assert expected in text
    assert [heading.text() for heading in tree.css("h1")] == ["Amara Okafor"]
    assert {heading.text() for heading in tree.css("h2")} == {"Contact", "Stage", "Custom fields", "Notes", "Activity"}
    assert len(tree.css("main, header")) == 2


async def test_move_on_the_board(sandbox: Sandbox) -> None:
    """Moving by the form is logged under the recruiter's name, also into a final stage: people may, software may not."""
    for stage in ("First Interview", "Rejected"):
        await sandbox.move("app_000001", stage)
    found = await sandbox.application("app_000001")
    assert [visit["by"] for visit in found["stage_history"][-2:]] == ["Robin Recruiter"] * 2
    assert found["disposition"] == "rejected"
    assert "Moved to another stage." in first(await page(sandbox, f"{CARD}?saved=move"), "[role=status]").text()


@pytest.mark.parametrize(
    ("key", "typed", "stored"),
    [
        ("interview_score", "71", 71),
        ("interview_score", "70.5", 70.5),
        ("interview_band", "Solid evidence", "Solid evidence"),
        ("interview_summary", "one\r\ntwo", "one\ntwo"),
        ("interview_link", "https://example.com/r", "https://example.com/r"),
    ],
)
async def test_edit_a_field(sandbox: Sandbox, key: str, typed: str, stored: object) -> None:
    """A field is edited with its type, under the recruiter's name, and cleared by an empty form."""
    answer = await sandbox.admin.post(f"{CARD}/field", data={"key": key, "value": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{CARD}?saved=field")
    assert (await sandbox.profile("app_000001"))["custom_fields"] == {key: stored}
    last = (await sandbox.get(f"/api/v1{CARD}/activity"))["items"][-1]
    assert (last["actor"], last["old"], last["new"]) == ("Robin Recruiter", None, stored)
    await sandbox.admin.post(f"{CARD}/field", data={"key": key, "value": ""})
    assert (await sandbox.profile("app_000001"))["custom_fields"] == {}


async def test_mistakes_stay_on_the_page(sandbox: Sandbox) -> None:
    """A refused form comes back with what was typed, the reason by the field and in an alert."""
    for path, form, expected, typed in (
        ("field", {"key": "interview_score", "value": "many"}, "A number is needed", "many"),
        ("field", {"key": "interview_link", "value": "nonsense"}, "An http or https address is needed", "nonsense"),
        ("notes", {"body": " ", "visibility": "team"}, "Write something before you add a note", ""),
        ("move", {"stage_id": "stg_000099"}, "This stage is not one of the job's", ""),
    ):
        answer = await sandbox.admin.post(f"{CARD}/{path}", data=form)
        assert answer.status_code == 422
        tree = HTMLParser(answer.text)
        assert expected in first(tree, "[role=alert]").text()
        wrong = first(tree, "[aria-invalid]")
        assert first(tree, f"#{wrong.attributes['aria-describedby']}").text() == expected
        assert typed in (wrong.attributes.get("value") or "")
    assert (await sandbox.admin.post("/applications/app_999999/move", data={"stage_id": "x"})).status_code == 404


async def test_notes_are_escaped(sandbox: Sandbox) -> None:
    """What people type is shown as text, never run as HTML."""
    await sandbox.admin.post(f"{CARD}/notes", data={"body": "<script>alert(1)</script>", "visibility": "private"})
    answer = await sandbox.admin.get(CARD)
    assert "<script" not in answer.text
    (note,) = (await sandbox.profile("app_000001"))["notes"]
    assert (note["author"], note["visibility"]) == ("Robin Recruiter", "private")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "SELF"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_forms_of_other_sites_are_refused(sandbox: Sandbox, headers: dict[str, str], status: int) -> None:
    """Only our own pages may post."""
    sent = {name: sandbox.base_url if value == "SELF" else value for name, value in headers.items()}
    answer = await sandbox.admin.post(f"{CARD}/notes", data={"body": "x"}, headers=sent)
    assert answer.status_code == status


async def test_pages_are_strict(sandbox: Sandbox) -> None:
    """Every page forbids scripts, has none, has no inline style, labels every control and has unique ids."""
    for path in ("/", CARD):
        answer: httpx.Response = await sandbox.admin.get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://(?!127)", answer.text)
        tree = HTMLParser(answer.text)
        labelled = {label.attributes.get("for") for label in tree.css("label")}
        controls = [node.attributes.get("id") for node in tree.css("input:not([type=hidden]), select, textarea")]
        assert set(controls) <= labelled
        ids = [node.attributes["id"] for node in tree.css("[id]")]
        assert len(ids) == len(set(ids))
    for asset, kind in (("board.css", "text/css"), ("mark.svg", "image/svg+xml")):
        answer = await sandbox.admin.get(f"/static/{asset}")
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, kind)


async def test_unknown_page(sandbox: Sandbox) -> None:
    """A page that is not there is a plain 404."""
    assert (await sandbox.admin.get("/nothing/here")).status_code == 404
    assert (await sandbox.admin.get("/applications/app_9")).status_code == 404
