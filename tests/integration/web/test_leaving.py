"""The HTTP server leaves: what was asked is answered, nobody is cut off without a word, and it ends in time."""

import asyncio
from time import monotonic

from litestar import Litestar, Response, get

from orchestrator.web.app import create_app
from orchestrator.web.gates import gates_of
from orchestrator.web.watch import Limits
from tests.fixtures import guarded as wire
from tests.fixtures.guarded import eventually, guarded

QUICK = Limits(grace_seconds=0.3, linger_seconds=0.3)


class Door:
    """Holds handlers until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.inside = 0


def application(door: Door) -> Litestar:
    @get("/held")
    async def held() -> Response[str]:
        door.inside += 1
        await door.open.wait()
        return Response("at last")

    return create_app(handlers=[held], services=None, secret_key="x" * 40, base_url="http://127.0.0.1")


async def test_what_was_asked_is_answered() -> None:
    """Requests under way and new ones are answered and told that the connection ends; who asks nothing is closed."""
    door = Door()
    app = application(door)
    async with guarded(app, limits=QUICK, drain=5) as served:
        gates_of(app).readiness.insert(0, served.server.readiness)
        busy, idle, silent, balancer = [await served.line() for _ in range(4)]
        await busy.say(wire.get("/held"))
        assert (await idle.ask(wire.get("/readyz"))).status == 200
        await eventually(lambda: door.inside == 1)
        served.server.leave()
        ready = await balancer.ask(wire.get("/readyz"))
        assert ready.problem["detail"] == "this process is leaving"
        assert (ready.status, ready.headers["connection"]) == (503, "close")
        assert "retry-after" in ready.headers
        late = await (await served.line()).ask(wire.get("/healthz"))
        assert (late.status, late.headers["connection"]) == (200, "close")
        assert await idle.ended() == await silent.ended() == b""
        assert not served.task.done()
        door.open.set()
        answer = await busy.reply()
        assert (answer.body, answer.headers["connection"]) == (b"at last", "close")
        assert await busy.ended() == b""
        await asyncio.wait_for(served.task, 1)


async def test_whoever_waits_at_the_door_is_let_in() -> None:
    """Connections that nobody had accepted yet when it left are answered as well."""
    async with guarded(application(Door()), limits=QUICK, drain=5) as served:
        await eventually(lambda: served.server.started)
        for door in served.server._doors:
            # No room: they stay in the system's queue.
            door._has_room = bool
            door._shut()
        waiting = [await served.line() for _ in range(20)]
        for line in waiting:
            await line.say(wire.get("/healthz"))
        await asyncio.sleep(0.2)
        assert not served.server.server_state.connections
        served.server.leave()
        assert [(await line.reply()).status for line in waiting] == [200] * 20
        await asyncio.wait_for(served.task, 2)


async def test_who_takes_too_long_is_told_to_come_again() -> None:
    """At the end of the time there is a 503 with a hint instead of silence, and the handler is cut off."""
    door = Door()
    async with guarded(application(door), limits=QUICK, drain=0.8) as served:
        line = await served.line()
        await line.say(wire.get("/held"))
        await eventually(lambda: door.inside == 1)
        began = monotonic()
        served.server.leave()
        answer = await line.reply()
        assert answer.status == answer.problem["status"] == 503
        assert int(answer.headers["retry-after"]) > 0
        await served.task
        assert 0.7 < monotonic() - began < 3


async def test_the_second_call_ends_at_once() -> None:
    """Whoever is in a hurry does not wait for the requests; they get the hint."""
    door = Door()
    async with guarded(application(door), limits=QUICK, drain=30) as served:
        line = await served.line()
        await line.say(wire.get("/held"))
        await eventually(lambda: door.inside == 1)
        served.server.leave()
        await asyncio.sleep(0.05)
        served.server.leave()
        assert (await line.reply()).status == 503
        await asyncio.wait_for(served.task, 2)
