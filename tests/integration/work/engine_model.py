"""The engine as a page of Python, and a bench that does the same to the real one and compares after every step."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from orchestrator.db.session import Database, Transaction
from orchestrator.errors import Stale
from orchestrator.work import admin
from orchestrator.work.admin import Selection
from orchestrator.work.claim import Claimed, ClaimedRow, claim, sweep
from orchestrator.work.job import Job
from orchestrator.work.limits import keep_lease, pause, resume
from orchestrator.work.outcome import Dead, Done, LeaseLost, Outcome, Pause, Retry, Unreachable
from orchestrator.work.queue import Item, enqueue, enqueue_many
from orchestrator.work.settle import settle_done
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import work, work_pause
from orchestrator.work.trouble import THRESHOLD
from tests.fixtures.work import Note, effect, leave

LEASE = 3600.0
LATER = 100.0
"""Seconds; what waits at all waits for at least this long here, so that the wall clock decides nothing."""

NAP = 150.0
NIGHT = 2 * LEASE
KEYS = ("one", "two")
OPEN = ("queued", "running")
OUTCOMES: dict[str, Outcome] = {
    "done": Done(),
    "dead": Dead("never"),
    "later": Retry(reason="later", after=LATER),
    "again": Retry(reason="again", after=0.0, counted=False),
    "pause": Pause("the key was revoked"),
    "down": Unreachable("no answer"),
}
Step = tuple[str, tuple[Any, ...], dict[str, Any]]
"""A method of the bench without its do_, and what it is given."""


class KilledTransaction(Exception):
    """The process dies before the commit."""


@dataclass
class Thing:
    """An item of work as the model knows it."""

    number: int
    lane: str | None
    key: str | None
    most: int
    due: bool
    state: str = "queued"
    attempt: int = 0
    holder: int | None = None
    half: int | None = None
    lease: float = LEASE


@dataclass
class Hand:
    """One claim of one item, by a worker that may be a zombie by now."""

    row: ClaimedRow
    troubled: bool


@dataclass
class Model:
    """What must be true. ``down`` has the connections that wait, because nobody answered or a person said so."""

    things: dict[int, Thing] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    by_hand: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    effects: list[int] = field(default_factory=list)

    def is_head(self, number: int) -> bool:
        """Whether a claim can see it, were it due."""
        lane = self.things[number].lane
        return lane is None or self.heads.get(lane) == number

    def promote(self) -> None:
        """Every lane with open work has one head; a new one is the oldest."""
        for lane in {thing.lane for thing in self.things.values() if thing.lane is not None}:
            open_ = [n for n, thing in self.things.items() if thing.lane == lane and thing.state in OPEN]
            if self.heads.get(lane) not in open_:
                self.heads.pop(lane, None)
                if open_:
                    self.heads[lane] = min(open_)

    def end(self, number: int, state: str) -> None:
        """It leaves its lane."""
        thing = self.things[number]
        thing.state, thing.holder = state, None
        self.promote()

    def again(self, number: int, *, due: bool, counted: bool) -> None:
        """It waits for another attempt, or is given up."""
        thing = self.things[number]
        if counted and thing.attempt >= thing.most:
            self.end(number, "dead")
            return
        thing.state, thing.holder, thing.due = "queued", None, due
        thing.attempt -= 0 if counted else 1

    def claimable(self) -> set[int]:
        """What may be claimed now, were there room for all of it."""
        return {
            number
            for number, thing in self.things.items()
            if thing.state == "queued"
            and thing.due
            and self.is_head(number)
            and thing.key not in self.waiting | self.by_hand | self.being_tried()
        }

    def being_tried(self) -> set[str]:
        """Connections that are down and have an attempt under way: the next one waits for what comes of it."""
        return {
            thing.key
            for thing in self.things.values()
            if thing.state == "running" and thing.key is not None and self.failures.get(thing.key, 0) >= THRESHOLD
        }

    def claimed_at_once(self, count: int) -> int:
        """How many a claim for ``count`` takes: of a connection that is down, one, and none while one is being tried."""
        able = self.claimable()
        tried = {self.things[n].key for n in able if self.failures.get(self.things[n].key or "", 0) >= THRESHOLD}
        return min(count, sum(self.things[n].key not in tried for n in able) + len(tried))


class Bench:
    """Does steps to an engine and to the model, and compares."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.model = Model()
        self._hands: list[Hand] = []
        self._put = 0

    async def clean(self) -> None:
        """Forget everything."""
        async with self._database.transaction() as tx:
            for table in (work, work_pause, effect):
                await tx.session.execute(sa.delete(table))

    async def take(self, step: Step) -> None:
        """Do one step and compare."""
        name, arguments, named = step
        doing: Callable[..., Awaitable[None]] = getattr(self, f"do_{name}")
        await doing(*arguments, **named)
        await self.compare()

    @asynccontextmanager
    async def _transaction(self, *, killed: bool = False) -> AsyncIterator[Transaction]:
        try:
            async with self._database.transaction() as tx:
                yield tx
                die(killed)
        except KilledTransaction:
            return

    def _added(self, thing: Thing) -> None:
        self.model.things[thing.number] = thing
        self.model.promote()

    async def do_put(self, lane: str | None, key: str | None, most: int, *, later: bool, killed: bool) -> None:
        """Enqueue one, with the same key twice."""
        number = self._put = self._put + 1
        async with self._transaction(killed=killed) as tx:
            for new in (True, False):
                kept = await enqueue(
                    tx,
                    Note(number=number),
                    lane=lane,
                    rate_key=key,
                    dedupe=f"note:{number}",
                    subject=f"half:{number % 2}",
                    max_attempts=most,
                )
                assert kept is new, "a key is used once"
            if later:
                statement = sa.update(work).where(work.c.dedupe == f"note:{number}")
                await tx.session.execute(statement.values(run_at=work.c.run_at + LATER))
        if not killed:
            self._added(Thing(number, lane, key, most, not later, half=number % 2))

    async def do_put_many(self, lanes: Sequence[str | None], *, killed: bool) -> None:
        """Enqueue many; what waited at the head of their lanes is tried now."""
        numbers = list(range(self._put + 1, self._put + 1 + len(lanes)))
        self._put += len(lanes)
        items = [
            Item(payload=Note(number=n), lane=lane, rate_key=None, dedupe=f"note:{n}")
            for n, lane in zip(numbers, lanes, strict=True)
        ]
        async with self._transaction(killed=killed) as tx:
            await enqueue_many(tx, items)
        if killed:
            return
        for head in {self.model.heads[lane] for lane in lanes if lane in self.model.heads}:
            self.model.things[head].due = True
        for n, lane in zip(numbers, lanes, strict=True):
            self._added(Thing(n, lane, None, Note.max_attempts, due=True))

    async def do_claim(self, count: int, *, killed: bool) -> None:
        """What is taken is what the model allows, and as much of it."""
        able, size = self.model.claimable(), self.model.claimed_at_once(count)
        claimed = Claimed()
        async with self._transaction(killed=killed) as tx:
            claimed = await claim(tx, count=count, worker="w", lease=LEASE)
        numbers = [_number(row) for row in claimed.rows]
        assert set(numbers) <= able, f"claimed {numbers}, allowed {sorted(able)}"
        assert len(numbers) == len(set(numbers)) == size, f"claimed {numbers} of {sorted(able)}, not {size}"
        for row in () if killed else claimed.rows:
            thing = self.model.things[_number(row)]
            thing.state, thing.attempt, thing.holder = "running", thing.attempt + 1, len(self._hands)
            thing.lease = LEASE
            troubled = row.rate_key in claimed.troubled
            assert troubled is (self.model.failures.get(thing.key or "", 0) > 0)
            self._hands.append(Hand(row, troubled))

    def places(self, whose: str) -> list[int]:
        """Claims that hold their item (own), or whose item runs for another (rival), or all others (past)."""
        kinds = [self._kind(place) for place in range(len(self._hands))]
        return [place for place, kind in enumerate(kinds) if kind == whose]

    def _kind(self, place: int) -> str:
        holder = self.model.things[_number(self._hands[place].row)].holder
        return "past" if holder is None else "own" if holder == place else "rival"

    async def do_settle(self, place: int, outcome: str, *, killed: bool) -> None:
        """By whoever claimed it then; the model knows who is a zombie."""
        hand = self._hands[place]
        thing = self.model.things[_number(hand.row)]
        ours = thing.holder == place
        job = Job(self._database, hand.row, lease=LEASE, troubled=hand.troubled)
        job.answered = outcome != "down"
        try:
            async with job.finish(OUTCOMES[outcome]) as tx:
                await tx.session.execute(leave(thing.number, thing.lane))
                die(killed)
        except LeaseLost:
            assert not ours, f"{thing} was refused to its holder"
            return
        except KilledTransaction:
            return
        assert ours, f"a zombie settled {thing}"
        self.model.effects.append(thing.number)
        self._settled(thing, outcome, troubled=hand.troubled)
        await self._stretch(thing)

    def _settled(self, thing: Thing, outcome: str, *, troubled: bool) -> None:
        key = thing.key
        match outcome:
            case "done":
                if troubled and self.model.failures.pop(key or "", 0):
                    self.model.waiting.discard(key or "")
                self.model.end(thing.number, "done")
            case "dead":
                self.model.end(thing.number, "dead")
            case "later" | "again":
                self.model.again(thing.number, due=outcome == "again", counted=outcome == "later")
            case "pause":
                if key is not None:
                    self.model.by_hand.add(key)
                    self.model.failures.pop(key, None)
                    self.model.waiting.discard(key)
                self.model.again(thing.number, due=key is not None, counted=key is None)
            case "down":
                self._unanswered(thing)

    def _unanswered(self, thing: Thing) -> None:
        model, key = self.model, thing.key
        if key is None:
            model.again(thing.number, due=False, counted=True)
        elif key in model.by_hand:
            model.again(thing.number, due=True, counted=False)
        else:
            if key not in model.waiting:
                model.failures[key] = model.failures.get(key, 0) + 1
            open_ = model.failures[key] < THRESHOLD
            if not open_:
                model.waiting.add(key)
            model.again(thing.number, due=False, counted=open_)

    async def _stretch(self, thing: Thing) -> None:
        """What waits must wait; then it is made to wait longer, so that a slow test run changes nothing."""
        if thing.state != "queued" or thing.due:
            return
        mine = work.c.dedupe == f"note:{thing.number}"
        async with self._database.transaction() as tx:
            still = (await tx.session.execute(sa.select(work.c.run_at > DatabaseNow()).where(mine))).scalar_one()
            assert still, f"{thing} is tried again at once"
            await tx.session.execute(sa.update(work).where(mine).values(run_at=DatabaseNow() + LATER))
            await tx.session.execute(
                sa.update(work_pause)
                .where(work_pause.c.until.is_not(None), work_pause.c.failures >= THRESHOLD)
                .where(work_pause.c.rate_key.in_(self.model.waiting))
                .values(until=DatabaseNow() + LATER)
            )

    async def do_settle_together(self, places: Sequence[int], *, killed: bool) -> None:
        """Done many at a time, zombies among them; never those for whose connection being done is news."""
        places = [place for place in places if not self._hands[place].troubled]
        ours = {
            self._hands[place].row.id
            for place in places
            if self.model.things[_number(self._hands[place].row)].holder == place
        }
        async with self._transaction(killed=killed) as tx:
            settled = await settle_done(tx, [self._hands[place].row for place in places]) if places else set()
            assert settled == ours
        for place in () if killed else places:
            row = self._hands[place].row
            if row.id in ours:
                self.model.end(_number(row), "done")

    async def do_hold(self, place: int) -> None:
        """Before an outside effect: yes to the holder, no to everybody else."""
        row = self._hands[place].row
        ours = self.model.things[_number(row)].holder == place
        async with self._database.transaction() as tx:
            assert await keep_lease(tx, (row.id, row.token), seconds=1.0) is ours
        held = True
        try:
            await Job(self._database, row, lease=LEASE).hold()
        except LeaseLost:
            held = False
        assert held is ours, f"item {row.id} was held: {held}"
        if ours:
            self.model.things[_number(row)].lease = LEASE

    async def do_wait(self, seconds: float) -> None:
        """Time passes for timers, for leases and for connections that are down."""
        async with self._database.transaction() as tx:
            await tx.session.execute(
                sa.update(work).values(run_at=work.c.run_at - seconds, lease_until=work.c.lease_until - seconds)
            )
            await tx.session.execute(sa.update(work_pause).values(until=work_pause.c.until - seconds))
        for thing in self.model.things.values():
            thing.due = True
            thing.lease -= seconds
        self.model.waiting.clear()

    async def do_sweep(self, *, killed: bool) -> None:
        """Only leases that ended are swept."""
        things = self.model.things.values()
        numbers = [thing.number for thing in things if thing.state == "running" and thing.lease < 0]
        async with self._transaction(killed=killed) as tx:
            assert await sweep(tx) == len(numbers)
        for number in () if killed else numbers:
            self.model.again(number, due=True, counted=True)

    async def do_cancel(self, half: int, *, killed: bool) -> None:
        """Every other item, in the middle of lanes as well."""
        things = self.model.things.values()
        meant = [thing for thing in things if thing.half == half and thing.state in OPEN]
        async with self._transaction(killed=killed) as tx:
            assert await admin.cancel(tx, Selection(subject=f"half:{half}")) == len(meant)
        for thing in () if killed else meant:
            thing.state, thing.holder = "cancelled", None
        self.model.promote()

    async def do_replay(self, lane: str | None, *, killed: bool) -> None:
        """Dead letters of a lane, or all of them, come back; whoever is first in a lane stays so."""
        dead = {n for n, thing in self.model.things.items() if thing.state == "dead" and lane in {None, thing.lane}}
        async with self._transaction(killed=killed) as tx:
            assert len(await admin.replay_many(tx, Selection(lane=lane), actor="test")) == len(dead)
        for number in () if killed else dead:
            thing = self.model.things[number]
            thing.state, thing.attempt, thing.due = "queued", 0, True
        self.model.promote()

    async def do_by_hand(self, number: int, *, killed: bool) -> None:
        """A person did it."""
        thing = self.model.things[number]
        async with self._database.reading() as session:
            found = sa.select(work.c.id).where(work.c.dedupe == f"note:{thing.number}")
            work_id = (await session.execute(found)).scalar_one()
        able = thing.state in {"dead", "queued"}
        try:
            async with self._transaction(killed=killed) as tx:
                await admin.done_by_hand(tx, work_id, actor="test", reason="typed it in")
                assert able
        except Stale:
            assert not able
        if able and not killed:
            self.model.end(thing.number, "done")

    async def do_pause(self, key: str) -> None:
        """Maintenance."""
        async with self._database.transaction() as tx:
            await pause(tx, key, reason="maintenance")
        self.model.by_hand.add(key)
        self.model.failures.pop(key, None)
        self.model.waiting.discard(key)

    async def do_resume(self, key: str) -> None:
        """A person says that it goes on."""
        async with self._database.transaction() as tx:
            known = key in self.model.by_hand or key in self.model.failures
            assert await resume(tx, key) is known
        self.model.by_hand.discard(key)
        self.model.failures.pop(key, None)
        self.model.waiting.discard(key)

    async def compare(self) -> None:
        """The engine's rows, heads, pauses and effects are the model's."""
        async with self._database.reading() as session:
            rows = (await session.execute(sa.select(work, (work.c.run_at <= DatabaseNow()).label("is_due")))).all()
            pauses = (await session.execute(sa.select(work_pause.c.rate_key, work_pause.c.failures))).all()
            left = (await session.execute(sa.select(effect.c.number).order_by(effect.c.id))).scalars().all()
        found = {_number(row): row for row in rows}
        assert found.keys() == self.model.things.keys()
        assert len(rows) == len(found)
        for number, thing in self.model.things.items():
            row = found[number]
            assert (row.state, row.attempt) == (thing.state, thing.attempt), thing
            assert (row.token is not None) is (thing.state == "running"), thing
            if thing.state in OPEN:
                assert row.head is self.model.is_head(number), f"head of {thing}"
            if thing.state == "queued":
                assert bool(row.is_due) is thing.due, f"due: {thing}"
        expected = self.model.failures | dict.fromkeys(self.model.by_hand, 0)
        assert {row.rate_key: row.failures for row in pauses} == expected
        assert list(left) == self.model.effects

    async def drain(self) -> None:
        """Whatever happened: resumed and left alone, everything that is open comes to its end."""
        for key in KEYS:
            await self.do_resume(key)
        for _ in range(len(self.model.things) + 1):
            await self.do_wait(NIGHT)
            await self.do_sweep(killed=False)
            await self.do_claim(100, killed=False)
            await self.do_settle_together(range(len(self._hands)), killed=False)
        await self.compare()
        assert [thing for thing in self.model.things.values() if thing.state in OPEN] == []


def die(killed: object) -> None:
    """Here, where it was drawn."""
    if killed:
        raise KilledTransaction


def _number(row: Any) -> int:
    return int(row.payload.partition(":")[2].rstrip("}"))
