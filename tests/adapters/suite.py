"""The conformance suite that every adapter passes.

A vendor's test module makes a subclass of :class:`AdapterConformance` and gives it a ``case`` fixture. Nothing here
knows a vendor: what differs is in the :class:`Case`.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest

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
)
from adapters.contract.events import Event, Ping, StageChanged, Unknown
from adapters.contract.manifest import Capability
from adapters.contract.model import StageKind, Visibility
from adapters.kit.quality import Exempt
from adapters.registry import create, quality
from tests.adapters.case import Case, connected, failing, forward_stage, mover, status, sweep

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "the-current-secret"
OLD_SECRET = "the-secret-before"


Verb = Callable[[Adapter], Awaitable[object]]
READS: Mapping[str, Verb] = {
    "read_application": lambda adapter: adapter.read_application("1"),
    "list_changed": lambda adapter: adapter.list_changed(None),
    "list_stages": lambda adapter: adapter.list_stages(),
    "list_fields": lambda adapter: adapter.list_fields(),
    "read_fields": lambda adapter: adapter.read_fields("1"),
    "list_notes": lambda adapter: adapter.list_notes("1"),
}
WRITES: Mapping[str, Verb] = {
    "write_fields": lambda adapter: adapter.write_fields("1", {"a": "b"}, expected={}),
    "add_note": lambda adapter: adapter.add_note("1", "a note", visibility=Visibility.PRIVATE),
}
VERBS = {**READS, **WRITES}
PERMANENT: Mapping[int, type[AdapterError]] = {
    400: Refused,
    401: AuthRejected,
    403: PermissionMissing,
    404: NotFound,
    409: Conflict,
    422: Refused,
}


class AdapterConformance:
    """Cases for one vendor; see the module."""

    def offline(self, case: Case, transport: httpx.AsyncBaseTransport | None = None) -> Adapter:
        return create(
            case.key, base_url=case.base_url, credentials=case.credentials, transport=transport or status(500)
        )

    def verify(self, case: Case, headers: Mapping[str, str], body: bytes, *secrets: str, now: datetime = NOW) -> None:
        self.offline(case).verify(headers, body, secrets=secrets, now=now)

    # Signatures

    def test_signature_accepted(self, case: Case) -> None:
        """A delivery signed with the secret, just now, is accepted: otherwise the refusals below prove nothing."""
        self.verify(case, case.sign(case.stage_changed, SECRET, NOW), case.stage_changed, SECRET)

    def test_signature_bad(self, case: Case) -> None:
        """A delivery signed with another secret is refused."""
        with pytest.raises(SignatureInvalid):
            self.verify(case, case.sign(case.stage_changed, "wrong", NOW), case.stage_changed, SECRET)

    def test_signature_missing(self, case: Case) -> None:
        """Take any one header away, or spoil it, and the delivery is refused."""
        signed = case.sign(case.stage_changed, SECRET, NOW)
        with pytest.raises(SignatureInvalid):
            self.verify(case, {}, case.stage_changed, SECRET)
        refused = 0
        for name in signed:
            for spoiled in ({**signed, name: ""}, {**signed, name: "v1=é"}, {**signed, name: "9" * 40}):
                try:
                    self.verify(case, spoiled, case.stage_changed, SECRET)
                except SignatureInvalid:
                    refused += 1
        assert refused >= 3

    def test_signature_rotation(self, case: Case) -> None:
        """While a secret is being changed, both count; once the old one is gone, it does not."""
        old = case.sign(case.stage_changed, OLD_SECRET, NOW)
        new = case.sign(case.stage_changed, SECRET, NOW)
        self.verify(case, old, case.stage_changed, SECRET, OLD_SECRET)
        self.verify(case, new, case.stage_changed, OLD_SECRET, SECRET)
        with pytest.raises(SignatureInvalid):
            self.verify(case, old, case.stage_changed, SECRET)

    def test_signature_empty_secret(self, case: Case) -> None:
        """No secret, or an empty one, verifies nothing, even what was signed with the empty secret."""
        signed = case.sign(case.stage_changed, "", NOW)
        for secrets in ((), ("",), ("", "")):
            with pytest.raises(SignatureInvalid):
                self.verify(case, signed, case.stage_changed, *secrets)

    @pytest.mark.parametrize("away", [timedelta(minutes=6), timedelta(days=400), timedelta(minutes=-6)])
    def test_signature_stale(self, case: Case, away: timedelta) -> None:
        """A correctly signed delivery from outside the replay window is refused."""
        with pytest.raises(SignatureInvalid):
            self.verify(case, case.sign(case.stage_changed, SECRET, NOW), case.stage_changed, SECRET, now=NOW + away)

    def test_signature_byte_exact(self, case: Case) -> None:
        """One byte more, less or changed breaks the signature; JSON that means the same does too."""
        signed = case.sign(case.stage_changed, SECRET, NOW)
        body = case.stage_changed
        for other in (body + b" ", body[:-1], b" " + body, body.replace(b":", b": ", 1), body.replace(b"a", b"b", 1)):
            assert other != body
            with pytest.raises(SignatureInvalid):
                self.verify(case, signed, other, SECRET)

    # Events

    def parse(self, case: Case, body: bytes) -> tuple[Event, ...]:
        return self.offline(case).parse(case.sign(body, SECRET, NOW), body)

    def test_event_stage_changed(self, case: Case) -> None:
        """A stage change names its application and delivery."""
        (event,) = self.parse(case, case.stage_changed)
        assert isinstance(event, StageChanged)
        assert event.application_id
        assert event.delivery_id

    def test_event_ping(self, case: Case) -> None:
        """A ping is a ping."""
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

    async def test_event_duplicate(self, case: Case) -> None:
        """The same delivery twice has one delivery id, and the re-read application has one stage entry."""
        (first,) = self.parse(case, case.stage_changed)
        (second,) = self.parse(case, bytes(bytearray(case.stage_changed)))
        assert first == second
        async with case.running() as world, connected(case, world) as adapter:
            entries = {(await adapter.read_application(world.application_id)).entry for _ in range(3)}
        assert len(entries) == 1
        (entry,) = entries
        assert entry.history_id or entry.entered_at

    # Errors

    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize("code", PERMANENT)
    async def test_errors_permanent(self, case: Case, verb: str, code: int) -> None:
        """Each client error is the error that says what to do, for reads and writes alike."""
        with pytest.raises(PERMANENT[code]) as caught:
            await VERBS[verb](self.offline(case, status(code)))
        assert type(caught.value) is PERMANENT[code]

    async def test_errors_scope(self, case: Case) -> None:
        """A missing permission names its scope where the vendor says it."""
        with pytest.raises(PermissionMissing) as caught:
            await self.offline(case, status(403, body=case.permission_body)).read_application("1")
        assert caught.value.scope == case.permission_scope

    @pytest.mark.parametrize("code", [500, 502, 503, 504])
    async def test_errors_server(self, case: Case, code: int) -> None:
        """A server error on a read is Unavailable; on a write nobody knows the outcome."""
        for read in READS.values():
            with pytest.raises(Unavailable):
                await read(self.offline(case, status(code)))
        for write in WRITES.values():
            with pytest.raises(OutcomeUnknown):
                await write(self.offline(case, status(code)))

    async def test_errors_network(self, case: Case) -> None:
        """Before sending: Unavailable. After sending: Timeout or Unavailable on reads, OutcomeUnknown on writes."""
        for verb in VERBS.values():
            for unsent in (httpx.ConnectError("no"), httpx.ConnectTimeout("no"), httpx.PoolTimeout("no")):
                with pytest.raises(Unavailable):
                    await verb(self.offline(case, failing(unsent)))
        for read in READS.values():
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
        for write in WRITES.values():
            for error in lost:
                with pytest.raises(OutcomeUnknown):
                    await write(self.offline(case, failing(error)))

    @pytest.mark.parametrize("verb", READS)
    async def test_errors_drift(self, case: Case, verb: str) -> None:
        """An answer in another shape is PayloadInvalid, and never a KeyError or an empty record."""
        for body in (b"<html>", b"[]", b'{"items": [3]}', b"null"):
            with pytest.raises(PayloadInvalid):
                await READS[verb](self.offline(case, status(200, body=body)))

    @pytest.mark.parametrize(
        ("header", "seconds"), [("7", 7.0), ("0", 0.0), ("2.5", 2.5), (None, None), ("soon", None), ("nan", None)]
    )
    async def test_rate_limit_retry_after(self, case: Case, header: str | None, seconds: float | None) -> None:
        """429 carries the seconds to wait, and None where the vendor does not say."""
        for verb in VERBS.values():
            with pytest.raises(RateLimited) as caught:
                await verb(self.offline(case, status(429, headers={"Retry-After": header} if header else {})))
            assert caught.value.retry_after == seconds

    async def test_rate_limit_http_date(self, case: Case) -> None:
        """Retry-After may be a date; one in the past means now."""
        past = status(429, headers={"Retry-After": "Mon, 02 Mar 2020 09:30:00 GMT"})
        with pytest.raises(RateLimited) as caught:
            await self.offline(case, past).list_fields()
        assert caught.value.retry_after == 0.0

    # Egress and logs

    async def test_allowed_hosts(self, case: Case) -> None:
        """Every request goes to the base URL's host or a host of the manifest, and redirects are not followed."""
        elsewhere = status(302, headers={"Location": "https://elsewhere.example.net/"})
        adapter = self.offline(case, elsewhere)
        allowed = {httpx.URL(case.base_url).host, *adapter.manifest.hosts}
        for verb in VERBS.values():
            with pytest.raises(Refused):
                await verb(adapter)
        assert {request.url.host for request in elsewhere.requests} <= allowed
        assert len(elsewhere.requests) == len(VERBS)

    async def test_no_secret_in_logs(self, case: Case, caplog: pytest.LogCaptureFixture) -> None:
        """No credential, e-mail address, note or field value is in any log line or error, at any level."""
        caplog.set_level(logging.DEBUG)
        async with case.running() as world, connected(case, world) as adapter:
            await adapter.read_application(world.application_id)
            await adapter.write_fields(world.application_id, world.writable, expected={})
            await adapter.add_note(world.application_id, "a very private remark", visibility=Visibility.PRIVATE)
            with pytest.raises(Refused) as refused:
                await adapter.write_fields(world.application_id, {"no_such_field": "a very private value"}, expected={})
        logged = "\n".join(record.getMessage() for record in caplog.records) + str(refused.value)
        assert "adapters.http" in {record.name for record in caplog.records}
        private = {world.email, "very private", *world.credentials.values()}
        private |= {value for value in world.writable.values() if isinstance(value, str)}
        assert [secret for secret in private if secret in logged] == []

    # Capabilities, over real HTTP

    async def test_polling(self, case: Case) -> None:
        """Polling ends, tells of every application once per sweep, and the next sweep tells of what changed since."""
        async with case.running() as world, connected(case, world) as adapter:
            everything, cursor = await sweep(adapter, None)
            await world.job_closed()
            changed, _ = await sweep(adapter, cursor)
        assert world.application_id in everything
        assert len(everything) == len(set(everything))
        assert world.application_id in changed

    async def test_fields(self, case: Case) -> None:
        """What is written is read back, and no other field moves."""
        async with case.running() as world, connected(case, world) as adapter:
            before = dict(await adapter.read_fields(world.application_id))
            defined = {definition.key for definition in await adapter.list_fields()}
            await adapter.write_fields(world.application_id, world.writable, expected=before)
            after = await adapter.read_fields(world.application_id)
        assert set(world.writable) <= defined
        assert dict(after) == {**before, **world.writable}

    async def test_conditional_writes(self, case: Case) -> None:
        """Where the ATS compares as it writes, what somebody else wrote after our look stays, and we are told."""
        async with case.running() as world, connected(case, world) as adapter:
            if Capability.CONDITIONAL_WRITES not in adapter.manifest.capabilities:
                return
            before = dict(await adapter.read_fields(world.application_id))
            await adapter.write_fields(world.application_id, world.writable, expected=before)
            with pytest.raises(Conflict):
                await adapter.write_fields(world.application_id, dict.fromkeys(world.writable), expected=before)
            after = await adapter.read_fields(world.application_id)
        assert dict(after) == {**before, **world.writable}

    async def test_notes(self, case: Case) -> None:
        """A note is added with its visibility and listed, oldest first."""
        async with case.running() as world, connected(case, world) as adapter:
            first = await adapter.add_note(world.application_id, "first", visibility=Visibility.PRIVATE)
            second = await adapter.add_note(world.application_id, "second", visibility=Visibility.TEAM)
            listed = await adapter.list_notes(world.application_id)
        assert listed[-2:] == (first, second)
        assert (first.visibility, second.visibility) == (Visibility.PRIVATE, Visibility.TEAM)

    async def test_stages(self, case: Case) -> None:
        """Every stage of the job is listed, with the vendor's kind where the vendor ends applications."""
        async with case.running() as world, connected(case, world) as adapter:
            listed = await adapter.list_stages()
            assert set(await world.stages()) <= set(listed)
        assert {StageKind.HIRED, StageKind.REJECTED} <= {stage.kind for stage in listed}

    async def test_not_found(self, case: Case) -> None:
        """An application that is not there is NotFound over real HTTP, whatever its id looks like."""
        async with case.running() as world, connected(case, world) as adapter:
            for application_id in ("nobody", f"{world.application_id}9999", "..", "a b", "é"):
                with pytest.raises((NotFound, Refused)):
                    await adapter.read_application(application_id)

    async def test_wrong_credentials(self, case: Case) -> None:
        """Credentials that the ATS does not know are AuthRejected over real HTTP."""
        async with case.running() as world:
            wrong = {name: f"{value}-wrong" for name, value in world.credentials.items()}
            async with connected(case, world, wrong) as adapter:
                with pytest.raises(AuthRejected):
                    await adapter.list_fields()

    async def test_outcome_unknown(self, case: Case) -> None:
        """When the answer to a committed write is lost, the outcome is unknown and a read-back finds the write."""
        async with case.running() as world, connected(case, world) as adapter:
            await world.lose_next_answer()
            with pytest.raises(OutcomeUnknown):
                await adapter.write_fields(world.application_id, world.writable, expected={})
            found = await adapter.read_fields(world.application_id)
            await world.lose_next_answer()
            with pytest.raises(OutcomeUnknown):
                await adapter.add_note(world.application_id, "once", visibility=Visibility.PRIVATE)
            notes = await adapter.list_notes(world.application_id)
        assert {key: found.get(key) for key in world.writable} == dict(world.writable)
        assert [note.body for note in notes].count("once") == 1

    # Moving forward

    async def test_advance(self, case: Case) -> None:
        """With the right to move, an allowed stage is reached; without it, PermissionMissing; the entry is a new one."""
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
        assert "todo" not in grades.values()
        if Capability.SIGNED_WEBHOOKS in claimed:
            assert not [
                rule for rule, grade in grades.items() if rule.startswith("signature") and isinstance(grade, Exempt)
            ]
