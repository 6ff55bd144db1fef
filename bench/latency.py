"""(d) How long a candidate's invitation and a recruiter's score take, with every process real and the disk asked each time.

First the highest rate that the whole house keeps up with is looked for, then half of it is sent by the clock: the time of
each counts from when it was due, whether or not it could be sent then, so that nothing slow is left out.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import msgspec

from bench.harness import Figure, Goal, Options, Section, Void
from bench.household import MODEL_SECONDS, WORKER, Household, household
from bench.postgres import production_cluster

WARM_UP, WARM_UP_RATE = 6, 2.0
BURST, QUICK_BURST, BURST_RATE = 80, 20, 1000.0
STEP_SECONDS, QUICK_STEP_SECONDS = 6.0, 2.0
HALF_SECONDS, QUICK_HALF_SECONDS = 30.0, 6.0
STEPS = (0.7, 0.85, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5, 3.0)
"""Rates that are tried, as shares of what the house did with a burst, until it does not keep up."""
LAG = 2.0
"""Seconds that the last effect may come after the last event was due where the house keeps up."""
PATIENCE = 120.0
WANTED = 1.0
PERCENTILES = (50, 90, 99)

Ends = Mapping[str, float]
Look = Callable[[], Awaitable[Ends]]


class Flow(msgspec.Struct, frozen=True):
    """Something that begins outside Evenhand and ends outside it.

    ``supply`` makes as many items ready, ``start`` begins one, ``ends`` says when the awaited effect came, ``settled``
    when the last effect of each came; both in seconds since the epoch, by item, for those where it did.
    """

    name: str
    supply: Callable[[int], Awaitable[Sequence[str]]]
    start: Callable[[str], Coroutine[None, None, None]]
    ends: Look
    settled: Look


class Load(msgspec.Struct, frozen=True):
    """When each item was due, and when it and all it led to had come; seconds since the epoch."""

    due: Mapping[str, float]
    ends: Ends
    settled: Ends

    @property
    def seconds(self) -> list[float]:
        """From due to the awaited effect, in order of size."""
        return sorted(self.ends[item] - due for item, due in self.due.items())

    @property
    def lag(self) -> float:
        """Seconds from the last due time to the last effect."""
        return max(self.settled[item] for item in self.due) - max(self.due.values())

    @property
    def per_second(self) -> float:
        """Items over the time until their last effect."""
        return len(self.due) / (max(self.settled[item] for item in self.due) - min(self.due.values()))


class Outcome(msgspec.Struct, frozen=True):
    """The highest rate that was kept up with, and the times at half of it."""

    highest: float
    half: Load
    tried: tuple[str, ...]


async def send(flow: Flow, rate: float, seconds: float, *, count: int | None = None) -> Load:
    """Start items by the clock and wait until everything that they lead to has come."""
    items = await flow.supply(count or max(2, round(rate * seconds)))
    began = time.time() + 0.2
    due = {item: began + number / rate for number, item in enumerate(items)}
    async with asyncio.TaskGroup() as tasks:
        for item, moment in due.items():
            await asyncio.sleep(max(0.0, moment - time.time()))
            tasks.create_task(flow.start(item))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        settled = await flow.settled()
        # The mail server is asked only when the ATS has everything: its answer is long, and costs while things happen.
        if due.keys() <= settled.keys() and due.keys() <= (ends := await flow.ends()).keys():
            return Load(due, ends, {item: max(settled[item], ends[item]) for item in due})
        await asyncio.sleep(0.1)
    raise Void(f"{flow.name}: not all of {len(due)} were done after {PATIENCE:.0f} s")


async def measure(flow: Flow, options: Options) -> Outcome:
    """Look for the highest rate, then send half of it."""
    step = QUICK_STEP_SECONDS if options.quick else STEP_SECONDS
    # Fresh processes have modules to load and statements to prepare; that is what (f) measures.
    await send(flow, WARM_UP_RATE, 0.0, count=WARM_UP)
    burst = await send(flow, BURST_RATE, 0.0, count=QUICK_BURST if options.quick else BURST)
    highest, tried = 0.0, [f"burst {burst.per_second:.1f}/s"]
    for share in STEPS:
        rate = burst.per_second * share
        load = await send(flow, rate, step)
        tried.append(f"{rate:.1f}/s: {load.lag:.1f} s behind")
        if load.lag > LAG:
            break
        highest = rate
    if not highest:
        # Nothing was kept up with: what was done of the burst is the most that can be said.
        highest = burst.per_second * STEPS[0]
        tried.append("none of these was kept up with")
    half = await send(flow, highest / 2, QUICK_HALF_SECONDS if options.quick else HALF_SECONDS)
    return Outcome(highest, half, tuple(tried))


def percentile(ordered: Sequence[float], share: int) -> float:
    """The value that ``share`` per cent of the values do not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


def flows(house: Household) -> Iterator[Flow]:
    """Both flows, the first of which makes what the second needs."""
    yield Flow(
        "stage change → invitation accepted", house.new_applications, house.move, house.invitations, house.invited
    )
    yield Flow("handed in → band in the ATS", house.answered, house.hand_in, house.bands, house.notes)


@contextmanager
def urls(options: Options) -> Iterator[dict[str, str]]:
    """An empty database of each kind that was asked for."""
    with ExitStack() as stack:
        found: dict[str, str] = {}
        if "sqlite" in options.databases:
            found["sqlite"] = f"sqlite+aiosqlite:///{options.folder / 'evenhand.sqlite3'}"
        if "postgres" in options.databases:
            cluster = stack.enter_context(production_cluster())
            cluster.create("latency")
            found["postgres"] = cluster.url("latency")
        yield found


async def observe(url: str, kind: str, options: Options) -> tuple[list[Figure], list[Goal], list[str]]:
    """Both flows on one database."""
    figures: list[Figure] = []
    goals: list[Goal] = []
    remarks: list[str] = []
    folder = options.folder / kind
    folder.mkdir()
    async with household(url, folder) as house:
        for flow in flows(house):
            found = await measure(flow, options)
            name = f"{kind}: {flow.name}"
            figures.append(Figure(name=f"{name}: highest rate", unit="/s", values=(found.highest,)))
            figures += times(f"{name} at half", found.half.seconds)
            goals.append(Goal(figure=figures[-1], target=WANTED))
            remarks.append(f"{name}: {'; '.join(found.tried)}; {len(found.half.due)} at {found.highest / 2:.1f}/s.")
        scored = await house.scored()
        since = sorted(found.half.ends[item] - scored[item] for item in found.half.due)
        figures += times(f"{kind}: result stored → band in the ATS at half", since)
        goals.append(Goal(figure=figures[-1], target=WANTED))
    return figures, goals, remarks


def times(name: str, ordered: Sequence[float]) -> list[Figure]:
    """The percentiles, the highest one last."""
    return [Figure(name=f"{name}: p{p}", unit="s", values=(percentile(ordered, p),)) for p in PERCENTILES]


def run(options: Options) -> Section:
    """Measure on every database that was asked for."""
    figures: list[Figure] = []
    goals: list[Goal] = []
    remarks: list[str] = []
    with urls(options) as found:
        for kind, url in found.items():
            try:
                more = asyncio.run(observe(url, kind, options))
            except* Void as group:
                reason = "; ".join(str(error) for error in group.exceptions)
                void = Figure(name=f"{kind}: latency", unit="s", values=(), void=reason)
                more = ([void], [Goal(figure=void, target=WANTED)], [])
            figures += more[0]
            goals += more[1]
            remarks += more[2]
    return Section(
        key="d",
        title="stage change → mail accepted, and score → ATS, at half the highest rate that is kept up with",
        figures=tuple(figures),
        goals=tuple(goals),
        remarks=(*remarks, *REMARKS),
    )


REMARKS = (
    (
        "The highest rate is the highest that was sent by the clock for some seconds with its last effect no later than"
        f" {LAG:.0f} s after the last event; effects include the write-back of the invitation, and the note of a result."
    ),
    (
        "Times count from when an event was due by the clock until the ATS's activity log or the mail server's reception has"
        " it, both to the microsecond on one machine's clock; the way of the request into the ATS is in them."
    ),
    (
        "Every process shares the machine: sandbox ATS, mail catcher, model, web, worker, database and the load itself. On"
        " SQLite web and worker are one process, on PostgreSQL one of each;"
        f" {WORKER} items of work at once; the model answers after {MODEL_SECONDS * 1000:.0f} ms, one sample."
    ),
    (
        "The sandbox's manifest allows 25 requests a second, burst 50, and an invitation takes 5 of them (re-read, read, write,"
        " read back, re-read of our own change): with that limit 5 moves a second are the most, whatever the machine. It was"
        " lifted here, in the bucket's row; so was the sandbox's own limit, and polling was put off."
    ),
)
