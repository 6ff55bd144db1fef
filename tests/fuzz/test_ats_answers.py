"""Whatever an ATS answers: one of the contract's errors or a record of the contract, never anything else."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract.adapter import Adapter
from adapters.contract.errors import AdapterError, Conflict, PayloadInvalid
from adapters.kit.http import parse_retry_after
from adapters.kit.pagination import walk
from adapters.registry import VENDORS, create
from tests.adapters.case import Canned, Verb, status
from tests.fuzz.chance import TEXT, bodies, storable
from tests.fuzz.vendors import TESTS, case_of

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_PERSON = (
    b'{"id":"c","first_name":"A","last_name":"B","emails":["a@b.example"],"phones":[],"locale":null,"time_zone":null}'
)
_JOB = b'{"id":"j","title":"T","department":null,"location":null,"requisition_ref":null,"status":"open"}'
_STAGE = b'{"id":"s","name":"Applied","kind":null}'
_NOTE = b'{"id":"n","body":"b","author":"a","visibility":"team","created_at":"2026-03-02T09:30:00Z"}'
_ENTRY = b'{"id":"e","entered_at":"2026-03-02T09:30:00Z"}'
# One answer for each verb of the sandbox; those of other vendors lie in their folders.
ANSWERS = (
    b'{"id":"a","candidate":' + _PERSON + b',"job":' + _JOB + b',"stage":' + _STAGE + b',"stage_entry":' + _ENTRY
    + b',"disposition":null,"source":null,"updated_at":"2026-03-02T09:30:00Z"}',
    *(b'{"items":[' + one + b'],"next_cursor":null}' for one in (_JOB, _STAGE, _NOTE)),
    b'{"items":[{"id":"a","updated_at":"2026-03-02T09:30:00Z"}],"next_cursor":"x"}',
    b'{"items":[{"key":"k","name":"K","kind":"text","options":[],"max_length":null}],"next_cursor":null}',
    b'{"k":1,"l":"m"}',
    _NOTE,
)  # fmt: skip


def answers_of(vendor: str) -> tuple[bytes, ...]:
    """Recorded answers of a vendor, and the sandbox's."""
    folder = TESTS / "adapters" / vendor.replace("-", "_") / "responses"
    return (*ANSWERS, *(file.read_bytes() for file in sorted(folder.rglob("*.json"))))


def adapter_on(vendor: str, transport: httpx.AsyncBaseTransport) -> Adapter:
    """A connection whose ATS answers as it is told."""
    case = case_of(vendor)
    return create(
        vendor, base_url=case.base_url, credentials=case.credentials, options=case.options, transport=transport
    )


def verbs_of(vendor: str) -> Mapping[str, Verb]:
    """Every verb that the vendor claims."""
    case = case_of(vendor)
    return case.reads() | case.writes()


async def outcome(vendor: str, verb: str, transport: Canned) -> object:
    """The record, or the contract's error."""
    adapter = adapter_on(vendor, transport)
    try:
        return await verbs_of(vendor)[verb](adapter)
    except AdapterError as error:
        return error
    finally:
        await adapter.aclose()


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_every_answer_has_a_meaning(vendor: str) -> None:
    """Bent answers with any status and any Retry-After, to every verb, in a bounded number of requests."""

    @settings(max_examples=400)
    @given(
        verb=st.sampled_from(sorted(verbs_of(vendor))),
        code=st.sampled_from(
            (200, 200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503, 599)
        ),
        body=bodies(*answers_of(vendor)),
        wait=st.sampled_from((None, "1", "soon", "-1", "1e400", "Mon, 02 Mar 99999 09:30:00 GMT")),
    )
    def holds(verb: str, code: int, body: bytes, wait: str | None) -> None:
        transport = status(code, headers={"Retry-After": wait} if wait else {}, body=body)
        asyncio.run(outcome(vendor, verb, transport))
        assert len(transport.requests) <= 3

    holds()


@given(TEXT.filter(storable))
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    """A stored cursor is ours or PayloadInvalid."""

    async def listed() -> None:
        adapter = adapter_on("sandbox", status(409))
        # An empty cursor is none; the ATS, which is asked then, answers 409.
        with pytest.raises(Conflict if not cursor else PayloadInvalid):
            await adapter.list_changed(cursor)
        await adapter.aclose()

    asyncio.run(listed())


@given(st.lists(TEXT | st.none(), max_size=8))
def test_cursors_of_the_ats_end(cursors: list[str | None]) -> None:
    """Whatever cursors an ATS gives, walking ends: at the last page, or with PayloadInvalid."""
    pages: Mapping[str | None, str | None] = dict(zip([None, *cursors], [*cursors, None], strict=True))

    async def fetch(cursor: str | None) -> tuple[list[str], str | None]:
        return ["item"], pages[cursor]

    async def walked() -> int:
        try:
            return len([item async for item in walk(fetch)])
        except PayloadInvalid:
            return 0

    assert asyncio.run(walked()) <= len(cursors) + 1


@given(TEXT)
def test_retry_after_of_an_ats(value: str) -> None:
    """None, or seconds that are not negative and not endless."""
    seconds = parse_retry_after(value, now=NOW)
    assert seconds is None or 0 <= seconds < float("inf")


def test_a_note_that_was_sent_is_never_called_refused() -> None:
    """Where the answer to a note cannot be read, the outcome is unknown: nobody writes it a second time."""
    written = asyncio.run(outcome("sandbox", "add_note", status(201, body=b"[" * 100_000)))
    assert type(written).__name__ == "OutcomeUnknown"
