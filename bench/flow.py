"""(c) The whole flow: webhook in, decision, HTTP POST out, counted where the posts arrive."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from bench import evenhand, n8n_flow
from bench.databases import NAMES, Bases, databases
from bench.decision import AT_ONCE, WORKER_CONCURRENCY
from bench.door import Door
from bench.environment import NODE_RED_VERSION, n8n
from bench.evenhand import ATS_AWAY
from bench.harness import Comparison, Figure, Measure, Options, Section, Void, interleave
from bench.load import CONNECTIONS, Load, wrk
from bench.nodered_flow import running_node_red
from bench.processes import HOST, free_port, python, running

TARGET = 0.6
LOAD_SECONDS, QUICK_LOAD_SECONDS = 4, 2
DRAIN_SECONDS = 120.0
BARE = {
    "request": "Litestar + httpx, nothing stored, posts before it answers",
    "after": "the same, posts after it answered",
}
NODE_RED = f"Node-RED {NODE_RED_VERSION}, nothing stored"


def run(options: Options) -> Section:
    """Every flow in turn: load for a fixed time, then wait until the last post has arrived."""
    remarks = list(REMARKS)
    with ExitStack() as stack:
        sink = _open_sink(stack, options.folder)
        doors = [
            *(_open_evenhand(stack, kind, sink, options.folder) for kind in options.databases),
            *(_open_bare(stack, mode, sink, options.folder) for mode in BARE),
        ]
        try:
            target = f"{sink}/node-red"
            doors.append(Door(NODE_RED, stack.enter_context(running_node_red(target, options.folder))[1], target))
        except Void as error:
            remarks.append(f"Node-RED was not measured: {error}.")
        rivals, said = _open_n8n(stack, sink, options)
        doors += rivals
        remarks += said
        accepted: dict[str, list[float]] = {}
        found = interleave(options.rounds, _measures(doors, options, accepted), unit="posts/s")
    taken = [
        Figure(name=f"{name}: taken in under load", unit="requests/s", values=tuple(v)) for name, v in accepted.items()
    ]
    return Section(
        key="c",
        title="Full flow: webhook, decision, HTTP POST; posts completed a second until the last one arrived",
        figures=(*found.values(), *taken),
        comparisons=_comparisons(found, options, rivals),
        remarks=tuple(remarks),
    )


REMARKS = (
    (
        "Rate: posts that arrived at the sink, from the first request to the last post; the load lasts "
        f"{LOAD_SECONDS} s with {CONNECTIONS} connections, what is still waiting then is worked off and counted."
    ),
    (
        "Evenhand: its web process (inbox on disk before the answer) and one worker process of its engine "
        f"({WORKER_CONCURRENCY} items at once, {AT_ONCE} of them posting), both beside wrk, the database and the sink on the same machine. The handler parses the stored "
        "delivery, decides and posts; it does not re-read the application as the product does, because nobody here does."
    ),
    (
        f"The bare flow is one process with the same server settings, signature check and decision, {AT_ONCE} posts under way at "
        "once (its best here); the faster of its two ways is what Evenhand is compared with. It loses what it holds when it dies, and so does Node-RED."
    ),
    (
        "Node-RED: http in (raw body), one function (signature, decision), http response, http request with kept-alive "
        "connections; no editor, no debug nodes, log level warn."
    ),
    "A flow whose posts are fewer than its acknowledged requests, or more than those and what was on its way, is void.",
)


def _comparisons(found: dict[str, Figure], options: Options, rivals: list[Door]) -> tuple[Comparison, ...]:
    bare = max((found[name] for name in BARE.values()), key=lambda figure: figure.median)
    ours = [found[_title(kind)] for kind in options.databases]
    pairs = [Comparison(name=f"{one.name} / bare ({bare.name})", ours=one, theirs=bare, target=TARGET) for one in ours]
    if NODE_RED in found:
        pairs += [Comparison(name=f"{one.name} / Node-RED", ours=one, theirs=found[NODE_RED]) for one in ours]
    # No ratio where there is no rate: a figure that is void says why by itself.
    theirs = [found[door.name] for door in rivals if found[door.name].values]
    pairs += [Comparison(name=f"{one.name} / {rival.name}", ours=one, theirs=rival) for rival in theirs for one in ours]
    return tuple(pairs)


def _title(kind: str) -> str:
    return f"Evenhand, durable, {NAMES[kind]}"


def _open_n8n(stack: ExitStack, sink: str, options: Options) -> tuple[list[Door], list[str]]:
    """n8n in each of its modes, and what a reader needs to know of it; no doors where it cannot be had."""
    if not options.n8n:
        return [], ["n8n was not asked for (--n8n)."]
    try:
        program = n8n()
    except Void as error:
        return [], [f"{error}."]
    doors, remarks = [], list(n8n_flow.REMARKS)
    for mode in n8n_flow.MODES:
        try:
            house = n8n_flow.running_n8n(program, mode, f"{sink}/n8n-{mode.key}", options.folder)
            doors.append(stack.enter_context(house))
        except Void as error:
            remarks.append(f"{n8n_flow.title(program, mode)} was not measured: {error}.")
    return doors, remarks


def _open_sink(stack: ExitStack, folder: Path) -> str:
    port = free_port()
    process = stack.enter_context(running("sink", python("-m", "bench.sink", str(port)), folder=folder))
    process.wait_for(f"http://{HOST}:{port}/result")
    return f"http://{HOST}:{port}"


def _open_evenhand(stack: ExitStack, kind: str, sink: str, folder: Path) -> Door:
    bases: Bases = stack.enter_context(databases(kind, folder))
    url = evenhand.migrated(bases.sqlalchemy("flow"))
    _, host = stack.enter_context(evenhand.web(f"flow-web-{kind}", url, folder))
    settings = evenhand.environment(url, folder, free_port(), ats_url=ATS_AWAY)
    target = f"{sink}/evenhand-{kind}"
    command = python("-m", "bench.flow_worker", target)
    stack.enter_context(running(f"flow-worker-{kind}", command, folder=folder, environment=settings))
    return Door(_title(kind), host, target)


def _open_bare(stack: ExitStack, mode: str, sink: str, folder: Path) -> Door:
    port = free_port()
    target = f"{sink}/bare-{mode}"
    command = python("-m", "bench.bare", str(port), target, mode)
    process = stack.enter_context(running(f"bare-{mode}", command, folder=folder))
    process.wait_for(f"http://{HOST}:{port}/ready")
    return Door(BARE[mode], f"{HOST}:{port}", target)


def _measures(doors: list[Door], options: Options, accepted: dict[str, list[float]]) -> dict[str, Measure]:
    seeds = count(1)
    seconds = QUICK_LOAD_SECONDS if options.quick else LOAD_SECONDS

    def measure(door: Door) -> Callable[[], float]:
        def once() -> float:
            before, _ = door.counts()
            load = wrk(
                door.host,
                seconds=seconds * door.pace.lasts,
                most_per_second=door.pace.most_per_second,
                folder=options.folder,
                seed=next(seeds),
                connections=door.pace.connections,
            )
            began = time.monotonic() - load.microseconds / 1_000_000
            load.require_clean(door.name)
            posts, last = _until_still(door, load, before)
            accepted.setdefault(door.name, []).append(load.per_second)
            return posts / (last - began)

        return once

    return {door.name: measure(door) for door in doors}


def _until_still(door: Door, load: Load, before: int) -> tuple[int, float]:
    """The posts and the time of the last, once everything acknowledged has arrived and nothing more comes."""
    deadline = time.monotonic() + DRAIN_SECONDS
    posts = 0
    while time.monotonic() < deadline:
        total, last = door.counts()
        posts = total - before
        if posts >= load.acknowledged and time.monotonic() - last > door.pace.still:
            if posts > load.acknowledged + door.pace.connections:
                raise Void(f"{door.name}: {load.acknowledged} acknowledged, {posts} posted")
            return posts, last
        time.sleep(0.1)
    raise Void(f"{door.name}: {posts} of {load.acknowledged} posts arrived within {DRAIN_SECONDS:g} s")
