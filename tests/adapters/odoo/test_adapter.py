"""What is Odoo's own: capability in place of a signature, errors by name, history by message, polling, fields, notes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.errors import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    RateLimited,
    Refused,
    SignatureInvalid,
    Unavailable,
)
from adapters.contract.events import StageChanged
from adapters.contract.inspection import Inspector
from adapters.contract.model import Disposition, FieldKind, FieldValue, JobStatus, StageKind, Visibility
from adapters.odoo import fields, webhook
from adapters.odoo.adapter import OVERLAP, OdooAdapter
from adapters.odoo.fields import NOUGHT, FieldAnswer
from adapters.odoo.markup import html_to_text, to_html
from tests.adapters.case import status, sweep
from tests.adapters.odoo.records import COMPLETIONS
from tests.adapters.odoo.simulator import DATABASE, KEY, Odoo, running_odoo
from tests.adapters.odoo.world import STAGE_CHANGED
from tests.fixtures.receiver import receiving

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FIRST_INTERVIEW, SIGNED = 3, 6


@pytest.fixture
async def odoo() -> AsyncIterator[Odoo]:
    async with running_odoo() as running:
        yield running


@pytest.fixture
async def adapter(odoo: Odoo) -> AsyncIterator[OdooAdapter]:
    connection = OdooAdapter(odoo.base_url, KEY, clock=lambda: NOW)
    yield connection
    await connection.aclose()


def answering(code: int, body: bytes) -> OdooAdapter:
    return OdooAdapter("https://odoo.example.com", KEY, transport=status(code, body=body))


# Deliveries


@given(st.data())
def test_one_wrong_byte_of_the_capability_is_refused(data: st.DataObject) -> None:
    """Every change of one byte of the capability, or of its length, is another address."""
    secret = "Tq3fLx9_-capability-of-this-connection"
    webhook.verify({webhook.CAPABILITY: secret}, b"", secrets=["another", secret], now=NOW)
    at = data.draw(st.integers(0, len(secret) - 1))
    other = chr(data.draw(st.integers(33, 255).filter(lambda code: chr(code) != secret[at])))
    for wrong in (secret[:at] + other + secret[at + 1 :], secret[:at] + secret[at + 1 :], secret + other):
        with pytest.raises(SignatureInvalid):
            webhook.verify({webhook.CAPABILITY: wrong}, b"", secrets=["another", secret], now=NOW)


def test_nothing_but_the_record_id_is_used() -> None:
    """Whatever else a delivery says, it means the same."""
    bare = b'{"_id": 7, "_model": "hr.applicant", "write_date": "x", "stage_id": "six", "active": null}'
    assert webhook.parse({}, bare) == webhook.parse({}, STAGE_CHANGED) == (StageChanged(application_id="7"),)


@pytest.mark.parametrize("body", [b'{"_id": 7, "_model": "hr.applicant"}', b'{"_id": 0, "_model": "hr.applicant"}'])
def test_a_delivery_that_cannot_be_told_apart_is_refused(body: bytes) -> None:
    """Without the time of writing, two moves are the same bytes: better no delivery than one taken for another."""
    with pytest.raises(PayloadInvalid):
        webhook.parse({}, body)


async def test_the_automation_rule_is_unsigned_and_comes_once(odoo: Odoo) -> None:
    """A move is told once and never again; the bytes of two moves into one stage differ."""
    async with receiving() as receiver:
        odoo.hook = f"{receiver.url}/hooks/odoo/a-capability"
        for stage in (FIRST_INTERVIEW, FIRST_INTERVIEW, 1, FIRST_INTERVIEW):
            await odoo.move(1, stage)
        bodies = [delivery.body for delivery in receiver.got]
    assert len(bodies) == len(set(bodies)) == 3
    assert {webhook.parse({}, body) for body in bodies} == {(StageChanged(application_id="1"),)}


# Errors


@pytest.mark.parametrize(
    ("code", "name", "raised", "told"),
    [
        (500, "builtins.ValueError", Refused, "ValueError"),
        (500, "builtins.TypeError", Refused, "TypeError"),
        (500, "builtins.MemoryError", OutcomeUnknown, None),
        (500, "psycopg2.errors.SerializationFailure", OutcomeUnknown, None),
        (404, "odoo.exceptions.MissingError", NotFound, None),
        (404, "werkzeug.exceptions.NotFound", Refused, "no_such_method"),
        (403, "odoo.exceptions.AccessError", PermissionMissing, None),
        (422, "odoo.exceptions.ValidationError", Refused, "ValidationError"),
    ],
)
async def test_errors_are_read_by_name(code: int, name: str, raised: type[Exception], told: str | None) -> None:
    """A mistake of ours is refused for good, though Odoo answers it with 500; message and trace are not repeated."""
    body = f'{{"name": "{name}", "message": "amara@example.com", "arguments": [], "debug": "/srv/odoo"}}'.encode()
    with pytest.raises(raised) as caught:
        await answering(code, body).add_note("1", "text", visibility=Visibility.TEAM)
    assert getattr(caught.value, "code", None) == told
    assert "amara" not in str(caught.value)
    assert "/srv" not in str(caught.value)


async def test_a_server_without_its_database_is_no_missing_record(odoo: Odoo, adapter: OdooAdapter) -> None:
    """A stopped database is answered with 404: nobody's application is gone, and what was asked is asked again."""
    odoo.faults.database_down = True
    with pytest.raises(Unavailable):
        await adapter.read_application("1")
    odoo.faults.database_down = False
    assert (await adapter.read_application("1")).id == "1"


async def test_the_database_is_named_where_there_are_several(odoo: Odoo) -> None:
    """The option becomes a header; a wrong name is a server that has no such database."""
    right, wrong = (OdooAdapter(odoo.base_url, KEY, database=name) for name in (DATABASE, "another"))
    assert (await right.read_application("1")).id == "1"
    with pytest.raises(Unavailable):
        await wrong.read_application("1")
    await right.aclose()
    await wrong.aclose()


@pytest.mark.parametrize("application_id", ["2", "0", "-1", "01x", "²", "99999999999", "9" * 300])
async def test_what_is_not_there_is_not_found(adapter: OdooAdapter, application_id: str) -> None:
    """Odoo answers a read of nothing with an empty list, and an id that is no number with an error of its database."""
    with pytest.raises(NotFound):
        await adapter.read_application(application_id)
    with pytest.raises(NotFound):
        await adapter.read_fields(application_id)


async def test_people_without_a_pipeline_are_not_found(odoo: Odoo, adapter: OdooAdapter) -> None:
    """A spontaneous applicant and somebody in a talent pool have no job or no stage."""
    spontaneous = odoo.records.add_applicant("No Job", "a@example.com", job=False)
    pooled = odoo.records.add_applicant("No Stage", "b@example.com", job=1, stage=False)
    for one in (spontaneous, pooled):
        with pytest.raises(NotFound):
            await adapter.read_application(str(one))


async def test_a_proxy_may_limit(odoo: Odoo, adapter: OdooAdapter) -> None:
    """Odoo has no rate limit, but what stands before it may have one."""
    odoo.faults.throttled = 1
    with pytest.raises(RateLimited) as caught:
        await adapter.list_stages()
    assert caught.value.retry_after == 2.0


# Applications


async def test_an_application_is_mapped(adapter: OdooAdapter) -> None:
    """Person, job, stage and source come as the contract has them."""
    application = await adapter.read_application("1")
    person = application.candidate
    assert (person.id, person.first_name, person.last_name) == ("1", "Amara", "Okafor")
    assert (person.emails, person.phones) == (("amara.okafor@example.com",), ())
    assert (application.job.title, application.job.status) == ("Customer Support Specialist", JobStatus.OPEN)
    assert (application.job.department, application.source) == ("Support", "Website")
    assert application.disposition is None


async def test_only_a_move_is_a_new_entry(odoo: Odoo, adapter: OdooAdapter) -> None:
    """A kanban colour, the same stage again and a note move ``date_last_stage_update`` or the list, and no entry."""
    entries = [(await adapter.read_application("1")).entry]
    before = odoo.records.one("hr.applicant", 1)["date_last_stage_update"]
    odoo.records.change(1, kanban_state="done")
    odoo.records.change(1, stage_id=1)
    odoo.records.post(1, "<p>a note</p>", as_html=True)
    assert odoo.records.one("hr.applicant", 1)["date_last_stage_update"] > before
    assert (await adapter.read_application("1")).entry == entries[0]
    for stage in (FIRST_INTERVIEW, 1, FIRST_INTERVIEW):
        odoo.records.change(1, stage_id=stage)
        entries.append((await adapter.read_application("1")).entry)
    assert len(set(entries)) == 4


async def test_when_an_entry_was_made(odoo: Odoo, adapter: OdooAdapter) -> None:
    """With the time, whoever stood in the stage before Evenhand came is known; a later edit does not make it later."""
    applicant = odoo.records.one("hr.applicant", 1)
    odoo.records.change(1, partner_phone="+49 30 1")
    entered = (await adapter.read_application("1")).entry.entered_at
    assert entered == datetime.fromisoformat(applicant["create_date"]).replace(tzinfo=UTC)
    odoo.records.change(1, stage_id=FIRST_INTERVIEW)
    told = odoo.records.messages(1)[-1]["date"]
    odoo.records.change(1, partner_phone="+49 30 2")
    odoo.records.post(1, "<p>a note</p>", as_html=True)
    entered = (await adapter.read_application("1")).entry.entered_at
    assert entered == datetime.fromisoformat(told).replace(tzinfo=UTC)
    assert told < applicant["write_date"]


async def test_an_odoo_without_history_is_refused(odoo: Odoo, adapter: OdooAdapter) -> None:
    """Where the subtype was removed nothing tells two entries apart, so nothing is read as if it did."""
    odoo.records.tables["mail.message.subtype"].clear()
    with pytest.raises(Refused) as caught:
        await adapter.read_application("1")
    assert caught.value.code == "no_stage_history"


@pytest.mark.parametrize(
    ("change", "disposition", "kind"),
    [
        ({"stage_id": SIGNED}, Disposition.HIRED, StageKind.HIRED),
        ({"active": False, "refuse_reason_id": 1}, Disposition.REJECTED, None),
        ({"active": False}, Disposition.WITHDRAWN, None),
    ],
)
async def test_endings_are_read(
    odoo: Odoo, adapter: OdooAdapter, change: dict[str, object], disposition: Disposition, kind: StageKind | None
) -> None:
    """Hired, refused and archived applicants have ended."""
    odoo.records.change(1, **change)
    application = await adapter.read_application("1")
    assert (application.disposition, application.stage.kind) == (disposition, kind)


# Polling


async def test_paging_is_stable_while_people_move(odoo: Odoo) -> None:
    """Nobody is left out or told twice though somebody changes between two pages; the next sweep tells of them."""
    everybody = [
        str(odoo.records.add_applicant(f"Person {number}", f"p{number}@example.com", job=1)) for number in range(7)
    ]
    adapter = OdooAdapter(odoo.base_url, KEY, page_size=3, clock=lambda: NOW)
    first = await adapter.list_changed(None)
    odoo.records.change(1, stage_id=FIRST_INTERVIEW)
    found, cursor = await sweep(adapter, first.cursor)
    assert [*first.application_ids, *found] == ["1", *everybody]
    assert "1" in (await sweep(adapter, cursor))[0]
    await adapter.aclose()


async def test_the_first_sweep_begins_when_it_is_told(odoo: Odoo, adapter: OdooAdapter) -> None:
    """What lay there before the connection went live is for a backfill."""
    late = odoo.records.add_applicant("Late", "late@example.com", job=1)
    since = datetime.fromisoformat(odoo.records.one("hr.applicant", late)["write_date"]).replace(tzinfo=UTC)
    assert (await adapter.list_changed(None, since=since)).application_ids == (str(late),)
    assert (await adapter.list_changed(None, since=since + timedelta(days=1))).application_ids == ()


async def test_who_was_refused_is_told(odoo: Odoo, adapter: OdooAdapter) -> None:
    """Archived applicants vanish from searches that do not ask for them; here they are asked for."""
    _, cursor = await sweep(adapter, None)
    odoo.records.change(1, active=False, refuse_reason_id=1)
    assert (await sweep(adapter, cursor))[0] == ["1"]


async def test_the_overlap_looks_back(odoo: Odoo, adapter: OdooAdapter) -> None:
    """A change that is committed late, with a date before the newest one, is found."""
    other = odoo.records.add_applicant("Other", "other@example.com", job=1)
    _, cursor = await sweep(adapter, None)
    newest = datetime.fromisoformat(odoo.records.one("hr.applicant", other)["write_date"])
    odoo.records.one("hr.applicant", 1)["write_date"] = (newest - OVERLAP).isoformat(sep=" ")
    assert "1" in (await sweep(adapter, cursor))[0]


async def test_sweeps_of_a_young_change_have_cursors_of_their_own(odoo: Odoo) -> None:
    """Two changes in one second look the same; as long as that may be, no sweep passes for the one before."""
    changed = datetime.fromisoformat(odoo.records.one("hr.applicant", 1)["write_date"]).replace(tzinfo=UTC)
    for age, same in ((OVERLAP, False), (3 * OVERLAP, True)):
        moments = iter(changed + age + timedelta(seconds=second) for second in range(2))
        adapter = OdooAdapter(odoo.base_url, KEY, clock=lambda moments=moments: next(moments))  # type: ignore[misc]  # a default binds it
        _, first = await sweep(adapter, None)
        _, second = await sweep(adapter, first)
        assert (first == second) == same
        await adapter.aclose()


# Fields


def field(kind: str, **more: object) -> FieldAnswer:
    return FieldAnswer(string="Field", type=kind, manual=True, store=True, **more)  # type: ignore[arg-type]  # attributes by name


async def test_only_what_an_administrator_added_can_be_written(odoo: Odoo, adapter: OdooAdapter) -> None:
    """Names, addresses and stages are no fields of ours, nor is what is read-only or of a kind that we do not write."""
    listed = {one.key: one for one in await adapter.list_fields()}
    assert set(listed) == {key for key, one in odoo.records.fields.items() if one["manual"]} - {"x_total", "x_day"}
    assert listed["x_interview_completion"].options == COMPLETIONS
    assert (listed["x_interview_band"].max_length, listed["x_interview_score"].kind) == (40, FieldKind.NUMBER)
    for key in ("partner_name", "email_from", "stage_id", "x_total", "x_nowhere"):
        with pytest.raises(Refused) as caught:
            await adapter.write_fields("1", {"x_interview_band": "Strong", key: "x"}, expected={})
        assert caught.value.code == "unknown_field"
    assert not [method for _, method in odoo.asked if method == "write"]


@pytest.mark.parametrize(
    ("answer", "value", "code"),
    [
        (field("char", size=3), "four", "too_long"),
        (field("char"), 4, "wrong_type"),
        (field("text"), True, "wrong_type"),
        (field("selection", selection=(("a", "A"),)), "A", "unknown_option"),
        (field("selection", selection=(("1", "A"),)), 1, "unknown_option"),
        (field("float"), "4", "wrong_type"),
        (field("float"), True, "wrong_type"),
        (field("integer"), 4.5, "wrong_type"),
        (field("integer"), 0, "nought"),
        (field("float", digits=(16, 2)), 0.0, "nought"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(answer: FieldAnswer, value: FieldValue, code: str) -> None:
    """Odoo would cut it off, or answer with a fault of its own."""
    with pytest.raises(Refused) as caught:
        fields.to_odoo("x", answer, value)
    assert caught.value.code == code
    assert str(value) not in str(caught.value) or code == "nought"


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (field("float"), 0),
        (field("float"), 71.5),
        (field("float"), None),
        (field("integer"), 72.0),
        (field("integer"), None),
        (field("char", size=6), "Strong"),
        (field("char"), None),
        (field("text"), "one\ntwo"),
        (field("selection", selection=(("a", "A"),)), "a"),
        (field("selection"), None),
    ],
)
def test_what_is_written_is_read(answer: FieldAnswer, value: FieldValue) -> None:
    """Nought and nothing differ, though every number of Odoo is 0 where nobody set it."""
    raw = fields.to_odoo("x", answer, value)
    stored = float(raw) if answer.type in {"float", "integer"} else raw
    assert fields.from_odoo(answer, stored) == value
    assert stored != 0 or value is None
    assert stored != NOUGHT or value == 0


async def test_drift_of_a_value_is_told(odoo: Odoo, adapter: OdooAdapter) -> None:
    """A value that is not of its field's type is no value."""
    for key, wrong in (("x_interview_score", "71"), ("x_interview_band", 7), ("x_interview_score", True)):
        kept = odoo.records.one("hr.applicant", 1)[key]
        odoo.records.one("hr.applicant", 1)[key] = wrong
        with pytest.raises(PayloadInvalid):
            await adapter.read_fields("1")
        odoo.records.one("hr.applicant", 1)[key] = kept


async def test_what_a_person_wrote_meanwhile_is_not_written_over(odoo: Odoo, adapter: OdooAdapter) -> None:
    """Another value than was read a moment ago is a conflict, and nothing is written; the value that was read is none."""
    wanted: dict[str, FieldValue] = {"x_interview_band": "Strong", "x_interview_score": 71.5}
    odoo.records.change(1, x_interview_band="by hand")
    before = dict(odoo.records.one("hr.applicant", 1))
    with pytest.raises(Conflict):
        await adapter.write_fields("1", wanted, expected=dict.fromkeys(wanted))
    assert odoo.records.one("hr.applicant", 1) == before
    await adapter.write_fields("1", wanted, expected={**dict.fromkeys(wanted), "x_interview_band": "by hand"})
    assert wanted.items() <= dict(await adapter.read_fields("1")).items()


async def test_contact_data_stays(odoo: Odoo, adapter: OdooAdapter) -> None:
    """After every write, the applicant is the same but for the written fields and the time of writing."""
    before = dict(odoo.records.one("hr.applicant", 1))
    await adapter.write_fields("1", {"x_interview_score": 0, "x_interview_band": "Strong"}, expected={})
    await adapter.add_note("1", "a note", visibility=Visibility.TEAM)
    after = dict(odoo.records.one("hr.applicant", 1))
    assert {key for key in after if after[key] != before[key]} == {
        "x_interview_score",
        "x_interview_band",
        "write_date",
    }


# Notes


@given(st.text(st.characters(blacklist_categories=("C", "Z")) | st.sampled_from(" \n<>&\"'"), max_size=60))
def test_a_note_is_read_as_it_was_written(body: str) -> None:
    """Markup in it is text, and its lines stay lines."""
    lines = [line.rstrip() for line in body.strip().splitlines()]
    assert [line.rstrip() for line in html_to_text(to_html("\n".join(lines))).splitlines()] == lines


async def test_notes_are_internal(odoo: Odoo, adapter: OdooAdapter) -> None:
    """Messages to the candidate and changes of stage are no notes; private ones are refused, for Odoo has none."""
    odoo.records.change(1, stage_id=FIRST_INTERVIEW)
    note = await adapter.add_note("1", "first <b>\nsecond", visibility=Visibility.TEAM)
    assert await adapter.list_notes("1") == (note,)
    assert (note.body, note.author, note.visibility) == ("first <b>\nsecond", "Evenhand", Visibility.TEAM)
    with pytest.raises(Refused) as caught:
        await adapter.add_note("1", "x", visibility=Visibility.PRIVATE)
    assert caught.value.code == "no_private_notes"
    assert len(await adapter.list_notes("1")) == 1


async def test_a_note_that_cannot_be_read_back_is_unknown(odoo: Odoo) -> None:
    """The note is there; to call it refused would have it written twice."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/message_post"):
            return httpx.Response(200, content=b"[8]")
        return httpx.Response(403, content=b"{}")

    adapter = OdooAdapter(odoo.base_url, KEY, transport=httpx.MockTransport(answer))
    with pytest.raises(OutcomeUnknown):
        await adapter.add_note("1", "x", visibility=Visibility.TEAM)


# The connection itself


async def test_it_tells_about_itself(adapter: OdooAdapter) -> None:
    """Company, user, groups, the end of the key and the clock; automation rules are for administrators."""
    assert isinstance(adapter, Inspector)
    told = await adapter.inspect()
    assert (told.account, told.acting_as) == ("My Company", "Evenhand")
    assert told.scopes == frozenset(adapter.manifest.scopes)
    assert told.expires_at == datetime(2026, 5, 30, tzinfo=UTC)
    assert told.server_time is not None
    assert told.webhooks is None
