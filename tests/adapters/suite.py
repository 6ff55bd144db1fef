"""The conformance suite that every adapter passes.

A vendor's test module makes a subclass of :class:`AdapterConformance` and gives it a ``case`` fixture. Nothing here
knows a vendor: what differs is in the :class:`Case`.
"""

import inspect
import logging
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from msgspec import structs

from adapters.contract.adapter import Adapter, ForwardMove, ForwardMover
from adapters.contract.errors import (
    AdapterError,
    AuthRejected,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    RateLimited,
    Refused,
    SignatureInvalid,
    Timeout,
    Unavailable,
    Unsupported,
)
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged, Unknown
from adapters.contract.manifest import Capability, EntryIdentity
from adapters.contract.model import StageEntryRef, StageKind, Visibility
from adapters.kit.quality import Exempt
from adapters.registry import VENDORS, create, quality
from orchestrator.domain.trigger import History, Reason, decide
from tests.adapters.case import Canned, Case, connected, failing, forward_stage, mover, status, sweep

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "the-current-secret"
OLD_SECRET = "the-secret-before"


PERMANENT: Mapping[int, type[AdapterError]] = {
    400: Refused,
    401: AuthRejected,
    403: PermissionMissing,
    404: NotFound,
    409: Conflict,
    422: Refused,
}


SIGNATURE_RULES = {"signature-bad", "signature-missing", "signature-rotation", "signature-empty-secret"}


class AdapterConformance:
    """Cases for one vendor; see the module."""

    def offline(self, case: Case, transport: httpx.AsyncBaseTransport | None = None) -> Adapter:
        if isinstance(transport, Canned):
            transport.prepared = case.prepared
        return create(
            case.key,
            base_url=case.base_url,
            credentials=case.credentials,
            options=case.options,
            transport=transport or status(500),
        )

    def delivery(self, case: Case, body: bytes, secret: str) -> tuple[dict[str, str], bytes]:
        return case.sign(body, secret, NOW), case.seal(body, secret, NOW)

    def verify(self, case: Case, headers: Mapping[str, str], body: bytes, *secrets: str, now: datetime = NOW) -> None:
        self.offline(case).verify(headers, body, secrets=secrets, now=now)

    # Signatures

    def test_signature_accepted(self, case: Case) -> None:
        """A delivery signed with the secret, just now, is accepted: otherwise the refusals below prove nothing."""
        self.verify(case, *self.delivery(case, case.stage_changed, SECRET), SECRET)

    def test_signature_bad(self, case: Case) -> None:
        """A delivery signed with another secret is refused."""
        with pytest.raises(SignatureInvalid):
            self.verify(case, *self.delivery(case, case.stage_changed, "wrong"), SECRET)

    def test_signature_missing(self, case: Case) -> None:
        """Take any one header away, or spoil it, and the delivery is refused; a body that was never signed is too."""
        signed, sealed = self.delivery(case, case.stage_changed, SECRET)
        with pytest.raises(SignatureInvalid):
            self.verify(case, {}, case.stage_changed, SECRET)
        refused = 0
        for name in signed:
            for spoiled in ({**signed, name: ""}, {**signed, name: "v1=é"}, {**signed, name: "9" * 40}):
                try:
                    self.verify(case, spoiled, sealed, SECRET)
                except SignatureInvalid:
                    refused += 1
        assert refused >= 3 or not signed

    def test_signature_rotation(self, case: Case) -> None:
        """While a secret is being changed, both count; once the old one is gone, it does not."""
        old = self.delivery(case, case.stage_changed, OLD_SECRET)
        new = self.delivery(case, case.stage_changed, SECRET)
        self.verify(case, *old, SECRET, OLD_SECRET)
        self.verify(case, *new, OLD_SECRET, SECRET)
        with pytest.raises(SignatureInvalid):
            self.verify(case, *old, SECRET)

    def test_signature_empty_secret(self, case: Case) -> None:
        """No secret, or an empty one, verifies nothing, even what was signed with the empty secret."""
        signed = self.delivery(case, case.stage_changed, "")
        for secrets in ((), ("",), ("", "")):
            with pytest.raises(SignatureInvalid):
                self.verify(case, *signed, *secrets)

    @pytest.mark.parametrize("away", [timedelta(minutes=1), timedelta(days=400), timedelta(minutes=-6)])
    def test_signature_stale(self, case: Case, away: timedelta) -> None:
        """A correctly signed delivery from outside the replay window is refused, where the vendor signs the time."""
        signed = self.delivery(case, case.stage_changed, SECRET)
        away += case.window if away > timedelta() else timedelta()
        if case.exempt("signature-stale"):
            self.verify(case, *signed, SECRET, now=NOW + away)
            return
        try:
            self.verify(case, *signed, SECRET, now=NOW + away)
        except SignatureInvalid:
            return
        pytest.fail("an old delivery was accepted; where the vendor signs no time, exempt signature-stale")

    def test_signature_byte_exact(self, case: Case) -> None:
        """One byte more, less or changed breaks the signature; JSON that means the same does too."""
        signed, body = self.delivery(case, case.stage_changed, SECRET)
        for other in (body + b" ", body[:-1], b" " + body, body.replace(b":", b": ", 1), body.replace(b"a", b"b", 1)):
            assert other != body
            if case.exempt("signature-byte-exact"):
                continue
            with pytest.raises(SignatureInvalid):
                self.verify(case, signed, other, SECRET)

    # Events

    def parse(self, case: Case, body: bytes) -> tuple[Event, ...]:
        headers, sealed = self.delivery(case, body, SECRET)
        return self.offline(case).parse(headers, sealed)

    def test_event_stage_changed(self, case: Case) -> None:
        """A stage change names its application and delivery."""
        (event,) = self.parse(case, case.stage_changed)
        assert isinstance(event, StageChanged if case.tells_moves else ApplicationChanged)
        assert event.application_id
        assert bool(event.delivery_id) == case.delivery_ids

    def test_event_ping(self, case: Case) -> None:
        """A ping is a ping; a vendor without one says so in its quality file."""
        assert (case.ping is None) == case.exempt("event-ping")
        if case.ping is not None:
            assert self.parse(case, case.ping) == (Ping(),)

    def test_event_unknown(self, case: Case) -> None:
        """A kind that we do not know is kept under its name, and is no error."""
        (event,) = self.parse(case, case.unknown)
        assert isinstance(event, Unknown)
        assert event.kind

    def test_event_broken(self, case: Case) -> None:
        """Bytes that are not the vendor's shape are PayloadInvalid, never anything else."""
        for body in case.broken_bodies:
            with pytest.raises(PayloadInvalid):
                self.parse(case, body)

    def test_event_duplicate(self, case: Case) -> None:
        """What is sent again, signed anew, is the same event; the next delivery of the same kind is another one."""
        parse = self.offline(case).parse
        headers, body = self.delivery(case, case.stage_changed, SECRET)
        (first,) = parse(headers, body)
        attempt = NOW if case.signs_event_time else NOW + timedelta(minutes=1)
        (again,) = parse(case.sign(case.stage_changed, SECRET, attempt), case.seal(case.stage_changed, SECRET, attempt))
        assert again == first
        assert not isinstance(first, Ping)
        assert bool(first.delivery_id) == case.delivery_ids
        # An id may be put together; its first part is the vendor's own.
        told = (first.delivery_id or "").partition(":")[0]
        if told:
            other = told[:-1] + ("1" if told[-1] != "1" else "2")
            headers = {name: value.replace(told, other) for name, value in headers.items()}
            (following,) = parse(headers, body.replace(told.encode(), other.encode()))
            assert not isinstance(following, Ping)
            # Only the delivery differs: an id made of what happened would be one for all that ever happens.
            assert following == structs.replace(first, delivery_id=following.delivery_id)
            assert following.delivery_id != first.delivery_id

    async def test_event_entry(self, case: Case) -> None:
        """One stage entry has one identity, however often it is read and whatever changes in between, by us or others."""
        async with case.running() as world, connected(case, world) as adapter:
            entries = [(await adapter.read_application(world.application_id)).entry for _ in range(2)]
            if Capability.CUSTOM_FIELDS in case.capabilities:
                await adapter.write_fields(world.application_id, world.writable, expected={})
                entries.append((await adapter.read_application(world.application_id)).entry)
            if Capability.NOTES in case.capabilities:
                await adapter.add_note(world.application_id, "in between", visibility=case.visibility)
                entries.append((await adapter.read_application(world.application_id)).entry)
        (entry,) = set(entries)
        told = VENDORS[case.key].manifest.entry
        assert (entry.history_id is not None) == (told is EntryIdentity.HISTORY)
        assert (entry.entered_at is not None) or told is not EntryIdentity.TIME

    async def test_event_applied(self, case: Case) -> None:
        """Who applied after the launch and is first seen by a poll, in a stage that nobody dates, is no stranger to it."""
        async with case.running() as world, connected(case, world) as adapter:
            found = await adapter.read_application(world.application_id)
        assert (found.applied_at is not None) == case.tells_applied
        if found.applied_at is None:
            return
        undated = structs.replace(found, entry=StageEntryRef(), disposition=None)
        for launch, before in (
            (found.applied_at - timedelta(days=1), False),
            (found.applied_at + timedelta(days=1), True),
        ):
            decision = decide(undated, StageKind.APPLIED, (), (), History(live_since=launch))
            assert (decision.reason is Reason.BEFORE_LAUNCH) == before

    # Errors

    @pytest.mark.parametrize("code", PERMANENT)
    async def test_errors_permanent(self, case: Case, code: int) -> None:
        """Each client error is the error that says what to do, for reads and writes alike."""
        expected = {**PERMANENT, **case.permanent}[code]
        for verb in (case.reads() | case.writes()).values():
            with pytest.raises(expected) as caught:
                await verb(self.offline(case, status(code)))
            assert type(caught.value) is expected

    async def test_errors_scope(self, case: Case) -> None:
        """A missing permission names its scope where the vendor says it."""
        with pytest.raises(PermissionMissing) as caught:
            await self.offline(case, status(403, body=case.permission_body)).read_application(case.sample_id)
        assert caught.value.scope == case.permission_scope

    @pytest.mark.parametrize("code", [500, 502, 503, 504])
    async def test_errors_server(self, case: Case, code: int) -> None:
        """A server error on a read is Unavailable; when something was written, nobody knows the outcome."""
        for read in case.reads().values():
            with pytest.raises(Unavailable):
                await read(self.offline(case, status(code)))
        for write in case.writes().values():
            canned = status(code)
            with pytest.raises((OutcomeUnknown, Unavailable)) as caught:
                await write(self.offline(case, canned))
            assert isinstance(caught.value, OutcomeUnknown) == canned.changed(case)

    async def test_errors_network(self, case: Case) -> None:
        """Before sending: Unavailable. After sending: Timeout or Unavailable on reads, OutcomeUnknown on writes."""
        for verb in (case.reads() | case.writes()).values():
            for unsent in (httpx.ConnectError("no"), httpx.ConnectTimeout("no"), httpx.PoolTimeout("no")):
                with pytest.raises(Unavailable):
                    await verb(self.offline(case, failing(unsent)))
        for read in case.reads().values():
            with pytest.raises(Timeout):
                await read(self.offline(case, failing(httpx.ReadTimeout("slow"))))
            with pytest.raises(Unavailable):
                await read(self.offline(case, failing(httpx.RemoteProtocolError("gone"))))
        lost = (
            httpx.ReadTimeout("slow"),
            httpx.WriteTimeout("slow"),
            httpx.ReadError("x"),
            httpx.RemoteProtocolError("x"),
        )
        for write in case.writes().values():
            for error in lost:
                canned = failing(error)
                with pytest.raises((OutcomeUnknown, Timeout, Unavailable)) as caught:
                    await write(self.offline(case, canned))
                assert isinstance(caught.value, OutcomeUnknown) == canned.changed(case)

    async def test_errors_drift(self, case: Case) -> None:
        """An answer in another shape is PayloadInvalid, and never a KeyError or an empty record."""
        for name, verb in case.reads().items():
            for body in case.drift.get(name, (b"<html>", b"[]", b'{"items": [3]}', b"null")):
                with pytest.raises(PayloadInvalid):
                    await verb(self.offline(case, status(200, body=body)))

    async def test_unclaimed(self, case: Case) -> None:
        """A verb that the vendor does not claim is Unsupported, and nothing is sent."""
        canned = status(200)
        adapter = self.offline(case, canned)
        unclaimed: list[tuple[Capability, Awaitable[object]]] = [
            (Capability.POLLING, adapter.list_changed(None)),
            (Capability.STAGES, adapter.list_stages()),
            (Capability.CUSTOM_FIELDS, adapter.list_fields()),
            (Capability.CUSTOM_FIELDS, adapter.read_fields(case.sample_id)),
            (Capability.CUSTOM_FIELDS, adapter.write_fields(case.sample_id, case.sample_values, expected={})),
            (Capability.NOTES, adapter.list_notes(case.sample_id)),
            (Capability.NOTES, adapter.add_note(case.sample_id, "a note", visibility=Visibility.TEAM)),
        ]
        for capability, call in unclaimed:
            if capability in case.capabilities:
                assert inspect.iscoroutine(call)
                call.close()
                continue
            with pytest.raises(Unsupported):
                await call
        assert canned.requests == []

    @pytest.mark.parametrize(
        ("header", "seconds"), [("7", 7.0), ("0", 0.0), ("2.5", 2.5), (None, None), ("soon", None), ("nan", None)]
    )
    async def test_rate_limit_retry_after(self, case: Case, header: str | None, seconds: float | None) -> None:
        """429 carries the seconds to wait, and None where the vendor does not say."""
        for verb in (case.reads() | case.writes()).values():
            with pytest.raises(RateLimited) as caught:
                await verb(self.offline(case, status(429, headers={"Retry-After": header} if header else {})))
            assert caught.value.retry_after == seconds

    async def test_rate_limit_http_date(self, case: Case) -> None:
        """Retry-After may be a date; one in the past means now."""
        past = status(429, headers={"Retry-After": "Mon, 02 Mar 2020 09:30:00 GMT"})
        with pytest.raises(RateLimited) as caught:
            await self.offline(case, past).read_application(case.sample_id)
        assert caught.value.retry_after == 0.0

    # Egress and logs

    async def test_allowed_hosts(self, case: Case) -> None:
        """Every request goes to the base URL's host or a host of the manifest, and redirects are not followed."""
        elsewhere = status(302, headers={"Location": "https://elsewhere.example.net/"})
        adapter = self.offline(case, elsewhere)
        allowed = {httpx.URL(case.base_url).host, *adapter.manifest.hosts}
        verbs = case.reads() | case.writes()
        for verb in verbs.values():
            with pytest.raises(Refused):
                await verb(adapter)
        assert {request.url.host for request in elsewhere.requests} <= allowed
        assert len(elsewhere.requests) == len(verbs)

    async def test_no_secret_in_logs(self, case: Case, caplog: pytest.LogCaptureFixture) -> None:
        """No credential, e-mail address, note or field value is in any log line or error, at any level."""
        caplog.set_level(logging.DEBUG)
        async with case.running() as world, connected(case, world) as adapter:
            await adapter.read_application(world.application_id)
            told = ""
            if Capability.CUSTOM_FIELDS in case.capabilities:
                await adapter.write_fields(world.application_id, world.writable, expected={})
                with pytest.raises(Refused) as refused:
                    await adapter.write_fields(
                        world.application_id, {"no_such_field": "a very private value"}, expected={}
                    )
                told = str(refused.value)
            if Capability.NOTES in case.capabilities:
                await adapter.add_note(world.application_id, "a very private remark", visibility=case.visibility)
        logged = "\n".join(record.getMessage() for record in caplog.records) + told
        assert "adapters.http" in {record.name for record in caplog.records}
        private = {world.email, "very private", *world.credentials.values()}
        private |= {value for value in world.writable.values() if isinstance(value, str)}
        assert [secret for secret in private if secret in logged] == []

    # Capabilities, over real HTTP

    async def test_polling(self, case: Case) -> None:
        """Polling ends, tells of every application once per sweep, and the next sweep tells of what changed since."""
        if Capability.POLLING not in case.capabilities:
            return
        async with case.running() as world, connected(case, world) as adapter:
            everything, cursor = await sweep(adapter, None)
            await world.job_closed()
            changed, _ = await sweep(adapter, cursor)
        assert world.application_id in everything
        assert len(everything) == len(set(everything))
        assert world.application_id in changed

    async def test_fields(self, case: Case) -> None:
        """What is written is read back, and no other field moves."""
        if Capability.CUSTOM_FIELDS not in case.capabilities:
            return
        async with case.running() as world, connected(case, world) as adapter:
            before = dict(await adapter.read_fields(world.application_id))
            defined = {definition.key for definition in await adapter.list_fields()}
            await adapter.write_fields(world.application_id, world.writable, expected=before)
            after = await adapter.read_fields(world.application_id)
        assert set(world.writable) <= defined
        assert dict(after) == {**before, **world.writable}

    async def test_conditional_writes(self, case: Case) -> None:
        """What somebody else wrote after our look stays, and we are told; nothing else is written either."""
        if Capability.CUSTOM_FIELDS not in case.capabilities:
            return
        async with case.running() as world, connected(case, world) as adapter:
            before = dict(await adapter.read_fields(world.application_id))
            await adapter.write_fields(world.application_id, world.writable, expected=before)
            kept = await world.snapshot()
            looked = {key: before.get(key) for key in world.writable}
            instead = case.instead or dict.fromkeys(world.writable)
            with pytest.raises(Conflict):
                await adapter.write_fields(world.application_id, instead, expected=looked)
            after = await adapter.read_fields(world.application_id)
            assert await world.snapshot() == kept
        assert dict(after) == {**before, **world.writable}

    async def test_notes(self, case: Case) -> None:
        """A note is added with its visibility and listed, oldest first."""
        if Capability.NOTES not in case.capabilities:
            return
        async with case.running() as world, connected(case, world) as adapter:
            first = await adapter.add_note(world.application_id, "first", visibility=case.visibility)
            second = await adapter.add_note(world.application_id, "second", visibility=Visibility.TEAM)
            listed = await adapter.list_notes(world.application_id)
        assert listed[-2:] == (first, second)
        assert (first.visibility, second.visibility) == (case.visibility, Visibility.TEAM)

    async def test_stages(self, case: Case) -> None:
        """Every stage of the job is listed, with the vendor's kind where the vendor ends applications."""
        if Capability.STAGES not in case.capabilities:
            return
        async with case.running() as world, connected(case, world) as adapter:
            listed = await adapter.list_stages()
            assert set(await world.stages()) <= set(listed)
        assert case.terminal_kinds <= {stage.kind for stage in listed}

    async def test_not_found(self, case: Case) -> None:
        """An application that is not there is NotFound over real HTTP, whatever its id looks like."""
        async with case.running() as world, connected(case, world) as adapter:
            for application_id in (f"{world.application_id}9999", *case.no_such_ids):
                with pytest.raises((NotFound, Refused)):
                    await adapter.read_application(application_id)

    async def test_wrong_credentials(self, case: Case) -> None:
        """Credentials that the ATS does not know are AuthRejected over real HTTP."""
        async with case.running() as world:
            wrong = {name: f"{value}-wrong" for name, value in world.credentials.items()}
            async with connected(case, world, wrong) as adapter:
                with pytest.raises(AuthRejected):
                    await adapter.read_application(world.application_id)

    async def test_outcome_unknown(self, case: Case) -> None:
        """When the answer to a committed write is lost, the outcome is unknown and a read-back finds the write."""
        async with case.running() as world, connected(case, world) as adapter:
            if Capability.CUSTOM_FIELDS in case.capabilities:
                await world.lose_next_answer()
                with pytest.raises(OutcomeUnknown):
                    await adapter.write_fields(world.application_id, world.writable, expected={})
                found = await adapter.read_fields(world.application_id)
                assert {key: found.get(key) for key in world.writable} == dict(world.writable)
            if Capability.NOTES in case.capabilities:
                await world.lose_next_answer()
                with pytest.raises(OutcomeUnknown):
                    await adapter.add_note(world.application_id, "once", visibility=case.visibility)
                notes = await adapter.list_notes(world.application_id)
                assert [note.body for note in notes].count("once") == 1

    # Moving forward

    async def test_advance(self, case: Case) -> None:
        """With the right to move, an allowed stage is reached; without it, PermissionMissing; the entry is a new one."""
        if Capability.ADVANCE not in case.capabilities:
            return
        async with case.running() as world:
            target = forward_stage(await world.stages())
            move = ForwardMove.to(target, application_id=world.application_id, allowed_stage_ids=frozenset({target.id}))
            async with connected(case, world) as powerless:
                with pytest.raises(PermissionMissing):
                    await mover(powerless).advance(move)
            async with connected(case, world, world.moving_credentials) as adapter:
                before = await adapter.read_application(world.application_id)
                await mover(adapter).advance(move)
                after = await adapter.read_application(world.application_id)
        assert after.stage.id == target.id
        assert after.entry != before.entry
        assert after.disposition is None

    # What the vendor says of itself

    def test_claims(self, case: Case) -> None:
        """Capability claims match the code, and the quality file exempts no claimed capability."""
        adapter = self.offline(case)
        claimed = adapter.manifest.capabilities
        assert adapter.manifest.key == case.key
        assert isinstance(adapter, ForwardMover) == (Capability.ADVANCE in claimed)
        grades = quality(case.key)
        unfinished = [rule for rule, grade in grades.items() if grade == "todo"]
        assert unfinished == [], f"adapters/{case.key}/quality.yaml: still todo: {', '.join(unfinished)}"
        if Capability.SIGNED_WEBHOOKS in claimed:
            # Some vendors sign no time, and some sign a token in place of the body: such a delivery is a hint all the same.
            excused = {rule for rule, grade in grades.items() if isinstance(grade, Exempt) and rule in SIGNATURE_RULES}
            assert not excused
