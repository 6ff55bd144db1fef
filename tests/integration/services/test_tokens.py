"""Tokens in the database: encrypted, renewed by one process at a time, and never lost without a word (A1)."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from adapters.contract.errors import AuthRejected, Unavailable
from adapters.contract.tokens import Tokens
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.credential import TokenRow
from orchestrator.db.session import Database
from orchestrator.ports import SystemClock
from orchestrator.services.credentials.sealing import KeyRing, new_key
from orchestrator.services.credentials.tokens import DatabaseTokens
from orchestrator.work.admin import pauses
from orchestrator.work.limits import pause
from orchestrator.work.outcome import Pause, outcome_of
from orchestrator.work.table import work
from tests.fixtures.sandbox import serving
from tests.integration.services.renewing import BOUND, CONNECTION, oauth, store
from tests.integration.services.token_endpoint import TokenEndpoint

KEY = new_key()
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)
OLD = Tokens(access="access-0", expires_at=LONG_AGO, refresh="refresh-0")


async def connect(database: Database, tokens: Tokens = OLD) -> DatabaseTokens:
    """An administrator connected the account, a while ago."""
    kept = store(database, KEY)
    async with database.transaction() as tx:
        await kept.connect(tx, tokens, actor="account:1")
    return kept


async def row_of(database: Database) -> TokenRow:
    """The row of the connection."""
    async with database.reading() as session:
        return (await session.scalars(sa.select(TokenRow))).one()


async def tags(database: Database) -> list[str]:
    """What the audit chain tells, in order."""
    async with database.reading() as session:
        return list(await session.scalars(sa.select(AuditRow.tag).order_by(AuditRow.sequence)))


@asynccontextmanager
async def process(url: str, endpoint: str, *, lease: float = 10.0) -> AsyncIterator[Process]:
    """Another process that needs a token."""
    arguments = ["-m", "tests.integration.services.renewing", url, endpoint, KEY, str(lease)]
    started = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def said(started: Process) -> str:
    """What the process printed."""
    out, _ = await asyncio.wait_for(started.communicate(), 30)
    return out.decode().strip()


def url_of(database: Database) -> str:
    """As a process gets it."""
    return database.url.render_as_string(hide_password=False)


async def test_two_processes_renew_once(database: Database) -> None:
    """Both have the same new token, and the vendor was asked once."""
    await connect(database)
    vendor = TokenEndpoint()
    async with serving(vendor.app()) as endpoint:
        async with process(url_of(database), endpoint) as one, process(url_of(database), endpoint) as two:
            answers = await asyncio.gather(said(one), said(two))
        assert list(answers) == ["Bearer access-1", "Bearer access-1"]
        assert [form["refresh_token"] for form in vendor.forms] == ["refresh-0"]
    row = await row_of(database)
    assert (row.turn, row.unsettled) == (None, False)


@pytest.mark.parametrize("forgiving", [True, False])
async def test_a_process_that_dies_between_use_and_save(database: Database, *, forgiving: bool) -> None:
    """The next one tries the kept refresh token once more; where that is refused, the connection says what to do."""
    await connect(database)
    vendor = TokenEndpoint(held=True, forgiving=forgiving)
    async with serving(vendor.app()) as endpoint:
        async with process(url_of(database), endpoint, lease=2.0) as dying:
            await asyncio.wait_for(vendor.arrived.wait(), 30)
            dying.kill()
            await dying.wait()
        assert (await row_of(database)).unsettled
        vendor.held = False
        vendor.let_go.set()
        async with process(url_of(database), endpoint) as heir:
            answer = await said(heir)
        assert [form["refresh_token"] for form in vendor.forms] == ["refresh-0", "refresh-0"]
    async with database.reading() as session:
        waiting = await pauses(session)
    if forgiving:
        assert (answer, waiting, (await row_of(database)).unsettled) == ("Bearer access-2", [], False)
    else:
        assert answer == "AuthRejected"
        [one] = waiting
        assert one.rate_key == CONNECTION
        assert "its end was never kept" in one.reason
        assert f"/operations/connections/{CONNECTION}" in one.reason
        assert (await tags(database))[-1] == "system:tokens:refused"


async def test_an_answer_that_got_lost_is_tried_once_more(database: Database) -> None:
    """A vendor that used the token and could not answer is as good as a crash; a later success settles it."""
    kept = await connect(database)
    vendor = TokenEndpoint(failing=True, forgiving=True)
    async with serving(vendor.app()) as endpoint:
        credentials = oauth(kept, endpoint)
        with pytest.raises(Unavailable):
            await credentials.headers()
        assert (await row_of(database)).unsettled
        vendor.failing = False
        assert await credentials.headers() == {"Authorization": "Bearer access-2"}
        await credentials.aclose()
    assert not (await row_of(database)).unsettled


async def test_a_refusal_without_a_crash_says_so(database: Database) -> None:
    """Access that was withdrawn is another story than a renewal that got lost, with the same mend."""
    kept = await connect(database)
    async with serving(TokenEndpoint(refresh="another one").app()) as endpoint:
        credentials = oauth(kept, endpoint)
        with pytest.raises(AuthRejected, match="does not take the refresh token any more") as caught:
            await credentials.headers()
        await credentials.aclose()
    assert "refresh-0" not in str(caught.value)
    assert not (await row_of(database)).unsettled
    async with database.reading() as session:
        [one] = await pauses(session)
        watching = (await session.execute(sa.select(work.c.dedupe).where(work.c.kind == "credential.watch"))).all()
    assert one.reason == str(caught.value)
    assert len(watching) == 1


async def test_nobody_connected_yet(database: Database) -> None:
    """Nothing is asked of the vendor, and nothing is in doubt afterwards that a consent would not settle."""
    kept, vendor = store(database, KEY), TokenEndpoint()
    async with serving(vendor.app()) as endpoint:
        credentials = oauth(kept, endpoint)
        with pytest.raises(AuthRejected, match="nobody has connected"):
            await credentials.headers()
        await credentials.aclose()
    assert vendor.forms == []
    await connect(database)
    assert not (await row_of(database)).unsettled


async def test_a_consent_overrules_a_renewal_and_lets_the_connection_go_on(database: Database) -> None:
    """What a renewal of the old account brings is not kept over the new one's tokens."""
    kept = await connect(database)
    async with database.transaction() as tx:
        await pause(tx, CONNECTION, reason="AuthRejected: connect again")
    fresh = Tokens(access="fresh", expires_at=datetime.now(UTC) + timedelta(hours=1), refresh="fresh-refresh")
    async with kept.turn() as turn:
        await connect(database, fresh)
        with pytest.raises(Unavailable, match="meanwhile"):
            await turn.keep(Tokens(access="stale", refresh="stale"))
    assert await kept.read() == fresh
    async with database.reading() as session:
        assert await pauses(session) == []


async def frozen(database: Database) -> None:
    """Time passes until the turn that somebody holds is over."""
    async with database.transaction() as tx:
        await tx.session.execute(sa.update(TokenRow).values(turn_until=0.0))


BOUGHT = Tokens(access="access-1", expires_at=LONG_AGO, refresh="refresh-1")


async def refused(kept: DatabaseTokens, *, meanwhile: Callable[[], Awaitable[None]] | None = None) -> str:
    """Another process has its turn, and the vendor does not take the refresh token that it finds; what it says."""

    async def turned_down() -> None:
        async with kept.turn():
            if meanwhile is not None:
                await meanwhile()
            raise AuthRejected("invalid_grant")

    with pytest.raises((AuthRejected, Unavailable)) as caught:
        await turned_down()
    return str(caught.value)


async def test_tokens_that_come_too_late_are_kept_where_nobody_has_newer_ones(database: Database) -> None:
    """A frozen process holds the only tokens that are left: the next one was refused for the token that it used up."""
    kept, heir = await connect(database), store(database, KEY)
    async with kept.turn() as turn:
        await frozen(database)
        assert "connect it again" in await refused(heir)
        await turn.keep(BOUGHT)
    assert await heir.read() == BOUGHT
    assert not (await row_of(database)).unsettled
    async with database.reading() as session:
        assert await pauses(session) == []


async def test_who_is_refused_for_a_token_that_another_used_up_looks_again(database: Database) -> None:
    """New tokens are kept meanwhile: nobody is asked to connect again."""
    kept, heir = await connect(database), store(database, KEY)
    async with kept.turn() as turn:
        await frozen(database)
        said = await refused(heir, meanwhile=lambda: turn.keep(BOUGHT))
    assert "meanwhile" in said
    assert await heir.read() == BOUGHT
    async with database.reading() as session:
        assert await pauses(session) == []
    assert "system:tokens:refused" not in await tags(database)


async def test_tokens_whose_key_is_gone_pause_the_connection(database: Database) -> None:
    """No work is given up for a key that can be put back; the reason names it, and nothing is asked of the vendor."""
    await connect(database)
    locked = store(database, new_key())
    with pytest.raises(
        AuthRejected, match=r"EVENHAND_CREDENTIAL_KEYS lacks the key .*evenhand connection resume north"
    ):
        await locked.read()
    with pytest.raises(AuthRejected, match="lacks the key"):
        async with locked.turn():
            raise AssertionError("a turn without anything to renew with")
    assert isinstance(outcome_of(AuthRejected("lacks the key")), Pause)
    assert (await row_of(database)).turn is None


async def test_tokens_that_can_be_had_again_need_no_lost_key(database: Database) -> None:
    """Without a consent there is nothing to lose: others are asked for, and kept with the key that is there."""
    await connect(database)
    ring = KeyRing([new_key()])
    kept = DatabaseTokens(database, SystemClock(), ring, connection=CONNECTION, bound=BOUND, consent=False)
    assert await kept.read() is None
    async with kept.turn() as turn:
        assert await turn.read() is None
        await turn.keep(BOUGHT)
    assert await kept.read() == BOUGHT


async def test_who_waits_too_long_is_told(database: Database) -> None:
    """A turn that another process holds is waited for, and not for ever."""
    kept = await connect(database)
    impatient = DatabaseTokens(
        database, SystemClock(), KeyRing([KEY]), connection=CONNECTION, bound=BOUND, patience=0.05
    )
    async with kept.turn():
        with pytest.raises(Unavailable, match="too long"):
            async with impatient.turn():
                raise AssertionError("two turns at once")


async def test_a_turn_ends_before_its_lease(database: Database) -> None:
    """Whoever takes longer than a turn is stopped in time: the next one must not meet it."""
    await connect(database)
    short = DatabaseTokens(database, SystemClock(), KeyRing([KEY]), connection=CONNECTION, bound=BOUND, lease=0.3)
    vendor = TokenEndpoint(held=True)
    async with serving(vendor.app()) as endpoint:
        credentials = oauth(short, endpoint, last_wait=0.05)
        with pytest.raises(Exception, match="took too long"):
            await credentials.headers()
        vendor.let_go.set()
        await credentials.aclose()
    row = await row_of(database)
    assert (row.turn, row.unsettled) == (None, True)


async def test_tokens_are_encrypted_and_belong_to_one_account(database: Database) -> None:
    """No token is in the database in the clear; another key or another account opens nothing."""
    kept = await connect(database)
    row = await row_of(database)
    assert "access-0" not in (row.sealed or "")
    assert "refresh-0" not in (row.sealed or "")
    assert await kept.read() == OLD
    elsewhere = DatabaseTokens(database, SystemClock(), KeyRing([KEY]), connection=CONNECTION, bound="another account")
    assert await elsewhere.read() is None
    with pytest.raises(AuthRejected, match="lacks the key"):
        await store(database, new_key()).read()
    assert await tags(database) == ["operations:tokens:consented"]
