"""Plays a plan: recruiters, candidates and a reviewer go about their work while everything around them breaks."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import httpx
import sqlalchemy as sa

from orchestrator.db.models.account import Role
from orchestrator.db.session import Database
from orchestrator.ports import SystemClock
from orchestrator.services.accounts import Accounts
from orchestrator.work.admin import Selection, replay_many
from tests.chaos.checker import COMPLETION, HUMAN_VALUE
from tests.chaos.cluster import MortalCluster
from tests.chaos.plan import (
    Act,
    Candidate,
    CutDatabase,
    Edit,
    Human,
    Kill,
    Move,
    Pause,
    Plan,
    RestartDatabase,
    Step,
    Stir,
)
from tests.chaos.processes import Troupe
from tests.chaos.roles import HOST
from tests.chaos.scene import Scene
from tests.chaos.state import AtsFile, Backlog, Mail, MailFile, backlog, done
from tests.chaos.visitors import REVIEWER, ReviewDesk, TurnedAway, Web, take_interview

STAGE_OF = {Step.ENTER: "First Interview", Step.LEAVE: "Application Review"}
EVENTS = ["application.stage_changed"]
CANDIDATES_AT_ONCE = 4
GAP_SECONDS = 0.25
"""Between two kills or the like, so that what was started again gets to work."""
PROBE_SECONDS = 0.3
PROGRESS_SECONDS = 10.0
QUIET_PROBES = 3
SETTLE_BASE = 60.0
STANDSTILL = 180.0
"""Seconds in which nothing at all gets done."""

SETTLE_MOST = 3600.0
"""Seconds for all of it: who goes in circles gets something done all the time."""

LATE_SECONDS = 1.5

Say = Callable[[str], None]


class Tally:
    """What was done, beside the checker's figures."""

    def __init__(self) -> None:
        self.moves = self.kills = self.pauses = self.faults = 0
        self.database_restarts = self.database_cuts = self.replayed = self.handed_in = 0
        self.ended_by_themselves: dict[str, int] = {}
        self.turned_away: list[str] = []

    @property
    def every_fault(self) -> int:
        """Everything that was done to make things go wrong, kills apart."""
        return self.faults + self.pauses + self.database_restarts + self.database_cuts


class Director:
    """One run."""

    def __init__(
        self, plan: Plan, scene: Scene, troupe: Troupe, cluster: MortalCluster | None, *, seed: int, say: Say
    ) -> None:
        self.tally = Tally()
        self.settled = False
        self._plan, self._scene, self._troupe, self._cluster = plan, scene, troupe, cluster
        self._seed, self._say = seed, say
        self._began = time.monotonic()
        self._database = Database(scene.database_url, pool_size=2)
        self._ats_file = AtsFile(scene.ats_file)
        self._mail_file = MailFile(scene.mail_file)
        headers = {"Authorization": f"Bearer {scene.admin_key}"}
        self._ats = httpx.AsyncClient(base_url=scene.ats_url, headers=headers, timeout=30.0, trust_env=False)
        self._web = Web(scene.web_ports, seed=seed)
        self._desk = ReviewDesk(self._web, plan.people)
        self._applications = self._ats_file.applications()
        self._stages = self._ats_file.stages()
        self._left = Backlog(0, 0, 0)
        self._visits: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(CANDIDATES_AT_ONCE)
        self._enough = asyncio.Event()
        self._probed = asyncio.Event()

    async def perform(self) -> None:
        """Play the plan, calm down, and wait until all is quiet."""
        try:
            await self._prepare()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_mail())
                group.create_task(self._watch_backlog())
                group.create_task(self._review())
                try:
                    await self._play(self._plan.acts)
                    self._say("the last move is made")
                    await self._play(self._plan.tail)
                    await self._calm()
                    await self._settle()
                finally:
                    self._enough.set()
        finally:
            await self._close()

    async def _prepare(self) -> None:
        accounts = Accounts(database=self._database, clock=SystemClock())
        await accounts.create(email=REVIEWER.email, name=REVIEWER.name, role=Role.ADMIN, password=REVIEWER.password)
        for port in self._scene.web_ports:
            hook = {
                "url": f"http://{HOST}:{port}/hooks/sandbox",
                "secret": self._scene.webhook_secret,
                "events": EVENTS,
            }
            (await self._ats.post("/api/v1/webhooks", json=hook)).raise_for_status()

    async def _close(self) -> None:
        await self._web.aclose()
        await self._ats.aclose()
        await self._database.aclose()
        self._ats_file.close()
        self._mail_file.close()

    # --- the plan

    async def _play(self, acts: tuple[Act, ...]) -> None:
        for act in acts:
            match act:
                case Move(person=person, step=step):
                    await self._move(person, step)
                case Edit(person=person):
                    await self._edit(person)
                case Stir():
                    await self._stir(act)
                case _:
                    await self._harm(act)
                    await asyncio.sleep(GAP_SECONDS)

    async def _move(self, number: int, step: Step) -> None:
        stage = self._stages[self._plan.people[number].job, STAGE_OF[step]]
        await self._board(number, "move", stage_id=stage)
        self.tally.moves += 1
        # A recruiter is not faster than this; and kills must fall on work, not on a queue that waits for its turn.
        most = 60 + len(self._plan.people) // 20
        deadline = time.monotonic() + SETTLE_BASE
        while self._left.open > most and time.monotonic() < deadline:
            await self._probed.wait()

    async def _edit(self, number: int) -> None:
        await self._board(number, "field", key=COMPLETION, value=HUMAN_VALUE)

    async def _board(self, number: int, form: str, **fields: str) -> None:
        path = f"/applications/{self._applications[number]}/{form}"
        await self._persist(partial(self._ats.post, path, data=fields))

    async def _stir(self, act: Stir) -> None:
        await self._persist(partial(self._ats.put, "/api/v1/faults", json=act.ats))
        await self._persist(partial(self._ats.put, f"{self._scene.mail_url}/api/faults", json=act.mail))
        self.tally.faults += act.weight

    async def _harm(self, act: Act) -> None:
        match act:
            case Kill(name=name):
                self._troupe.kill(name)
                self.tally.kills += 1
            case Pause(name=name, seconds=seconds):
                pid = self._troupe.stop(name)
                asyncio.get_running_loop().call_later(seconds, self._troupe.go_on, name, pid)
                self.tally.pauses += 1
            case RestartDatabase(mode=mode) if self._cluster is not None:
                await asyncio.to_thread(self._cluster.restart_in, mode)
                self.tally.database_restarts += 1
            case CutDatabase(share=share) if self._cluster is not None:
                await asyncio.to_thread(self._cluster.cut, share)
                self.tally.database_cuts += 1
            case _:
                raise AssertionError(act)

    async def _calm(self) -> None:
        """No more faults; whoever is stopped goes on by itself soon."""
        await self._persist(partial(self._ats.put, "/api/v1/faults", json={}))
        await self._persist(partial(self._ats.put, f"{self._scene.mail_url}/api/faults", json={}))

    @staticmethod
    async def _persist(ask: Callable[[], Awaitable[httpx.Response]]) -> None:
        for _ in range(100):
            with suppress(httpx.TransportError):
                answer = await ask()
                if answer.status_code < 400:
                    return
            await asyncio.sleep(0.05)
        raise RuntimeError("the sandbox or the mail catcher does not answer the chaos")

    # --- the people

    async def _watch_mail(self) -> None:
        seen: set[str] = set()
        while not self._enough.is_set():
            for mail in self._mail_file.news():
                if mail.is_invitation and mail.message_id not in seen:
                    seen.add(mail.message_id)
                    self._react(mail)
            await asyncio.sleep(0.1)

    def _react(self, mail: Mail) -> None:
        person = self._plan.people[int(mail.to.partition("@")[0].removeprefix("chaos-"))]
        if person.candidate is not Candidate.NOTHING and mail.link is not None:
            self._begin(self._visit(person.number, mail.link))
        elif person.human is Human.LATE:
            self._begin(self._edit_late(person.number))

    def _begin(self, coroutine: Awaitable[None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._visits.add(task)
        task.add_done_callback(self._visits.discard)

    async def _visit(self, number: int, link: str) -> None:
        person = self._plan.people[number]
        async with self._slots:
            try:
                await take_interview(self._web, person, link)
            except TurnedAway as error:
                self.tally.turned_away.append(f"{self._applications[number]}: {error}")
            else:
                self.tally.handed_in += person.candidate is Candidate.HAND_IN

    async def _edit_late(self, number: int) -> None:
        await asyncio.sleep(LATE_SECONDS)
        await self._edit(number)

    async def _review(self) -> None:
        try:
            await self._desk.work(self._enough)
        except TurnedAway as error:
            self.tally.turned_away.append(f"reviewer: {error}")
            self._say(f"the reviewer gave up: {error}")

    # --- how far it is

    async def _watch_backlog(self) -> None:
        spoken = self._began
        while not self._enough.is_set():
            with suppress(sa.exc.SQLAlchemyError, OSError):
                self._left = await backlog(self._database)
            for name, status in self._troupe.revive().items():
                # Nobody may end without being told; the checker's figures cannot show it, so it is said and counted.
                self.tally.ended_by_themselves[name] = status
                self._say(f"{name} ended by itself with status {status}")
            if time.monotonic() - spoken > PROGRESS_SECONDS:
                spoken = time.monotonic()
                self._say(self.progress())
            self._probed.set()
            self._probed.clear()
            await asyncio.sleep(PROBE_SECONDS)

    def progress(self) -> str:
        """Where the run stands."""
        done, left = self.tally, self._left
        return (
            f"{done.moves} moves, {done.kills} kills, {done.pauses} pauses, {done.database_restarts} restarts,"
            f" {done.handed_in} handed in, {self._desk.decided} decided; open: {left.deliveries} deliveries,"
            f" {left.work} work, {left.dead} dead, {self._ats_file.waiting()} to be delivered,"
            f" {len(self._visits)} visitors"
        )

    async def _settle(self) -> None:
        """Wait until nobody has anything to do. An operator replays, once, what became a dead letter meanwhile.

        A slow machine may take its time, and a poll in between brings new work: only a standstill ends the wait.
        """
        began = time.monotonic()
        deadline, before, looked = began + STANDSTILL, 0, began
        quiet = 0
        replayed = False
        while time.monotonic() < min(deadline, began + SETTLE_MOST):
            await asyncio.sleep(PROBE_SECONDS)
            busy = self._left.open + self._ats_file.waiting() + len(self._visits) + self._desk.waiting
            if time.monotonic() - looked > PROGRESS_SECONDS:
                looked, so_far = time.monotonic(), await done(self._database)
                if so_far != before:
                    deadline, before = looked + STANDSTILL, so_far
            quiet = 0 if busy else quiet + 1
            if quiet <= QUIET_PROBES:
                continue
            if replayed or not self._left.dead:
                self.settled = True
                return
            async with self._database.transaction() as tx:
                self.tally.replayed = len(await replay_many(tx, Selection(), actor="chaos"))
            replayed, quiet = True, 0
        self._say(f"not settled: {self.progress()}")

    def summary(self) -> str:
        """What was done, in more detail than the last line has room for."""
        done = self.tally
        used = sorted(self._troupe.used().items())
        processes = ", ".join(f"{name} {seconds:.1f}s {size}MiB" for name, (seconds, size) in used)
        return (
            f"moves={done.moves} kills={done.kills} pauses={done.pauses} database_restarts={done.database_restarts}"
            f" database_cuts={done.database_cuts} announced_faults={done.faults} handed_in={done.handed_in}"
            f" decided={self._desk.decided} page_retries={self._web.retries} replayed={done.replayed};"
            f" used: {processes}"
        )
