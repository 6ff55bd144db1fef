"""Forks the processes of a chaos run: importing Evenhand takes longer than everything else that a start costs.

``python -m tests.chaos.zygote FOLDER`` reads one JSON command a line and answers one line each. It stays single-threaded
and never opens a loop, a database or a connection, so that a fork copies nothing that is in use. It ends with its
children when its input ends.
"""

import ctypes
import gc
import os
import signal
import sys
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy.orm import configure_mappers

import orchestrator.grading.model  # noqa: F401 - what the product imports when it is asked for takes a second of each start
from orchestrator.main import vocabulary
from tests.chaos.roles import Part

PR_SET_PDEATHSIG = 1


class Start(Struct, frozen=True, tag="start"):
    """Fork a process that plays a part; its output goes to NAME.log."""

    name: str
    part: Part


class Send(Struct, frozen=True, tag="send"):
    """Send a signal. ``wait`` until it is dead; ``pid`` guards against a successor of the same name."""

    name: str
    signal: int
    wait: bool = False
    pid: int | None = None


class Look(Struct, frozen=True, tag="look"):
    """Say which processes ended by themselves since the last look."""


class Answer(Struct, frozen=True):
    """``pid`` of what was started or signalled (0: it is not there), who ended by itself with which status, and how many
    seconds of a processor each name's ended processes used.
    """

    pid: int = 0
    ended: dict[str, int] = {}
    used: dict[str, float] = {}


Command = Start | Send | Look


class Zygote:
    """Children by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pids: dict[str, int] = {}
        self._used: dict[str, float] = {}

    def obey(self, command: Command) -> Answer | None:
        """Do one thing. None in the child that was just born; it has nothing to answer."""
        match command:
            case Start(name=name):
                pid = self._fork(name)
                return None if pid is None else Answer(pid)
            case Send():
                return self._send(command)
            case Look():
                return self._look()

    def end(self) -> None:
        """Kill every child that is left."""
        for pid in self._pids.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _send(self, command: Send) -> Answer:
        pid = self._pids.get(command.name, 0)
        if not pid or command.pid not in {None, pid}:
            return Answer()
        os.kill(pid, command.signal)
        if command.signal == signal.SIGSTOP:
            # Signals arrive when they arrive; whoever asked may rely on the pause from now on. Nothing is reaped here.
            os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if command.wait:
            self._reap(command.name, 0)
        return Answer(pid)

    def _look(self) -> Answer:
        ended: dict[str, int] = {}
        for name in list(self._pids):
            status = self._reap(name, os.WNOHANG)
            if status is not None:
                ended[name] = status
        return Answer(ended=ended, used=self._used)

    def _reap(self, name: str, flags: int) -> int | None:
        """Take a dead child's status and what it used; None while it lives."""
        found, status, usage = os.wait4(self._pids[name], flags)
        if not found:
            return None
        del self._pids[name]
        self._used[name] = self._used.get(name, 0.0) + usage.ru_utime + usage.ru_stime
        return os.waitstatus_to_exitcode(status)

    def _fork(self, name: str) -> int | None:
        """The id of the child, or None in the child itself."""
        pid = os.fork()
        if pid:
            self._pids[name] = pid
            return pid
        _become_child(self._folder / f"{name}.log")
        return None


def _become_child(log: Path) -> None:
    """Own output, no input, and no life without the zygote."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def main(arguments: list[str]) -> int:
    """Obey until the input ends."""
    zygote = Zygote(Path(arguments[0]))
    # Read now what every child would read; the rubrics stay in a cache.
    vocabulary()
    configure_mappers()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    part = _serve(zygote)
    if part is not None:
        part.play()
    return 0


def _serve(zygote: Zygote) -> Part | None:
    """Obey until the input ends. In a child, return at once with its part, and touch nobody else's processes."""
    read = msgspec.json.Decoder(Command)
    ours = os.getpid()
    try:
        for line in sys.stdin.buffer:
            command = read.decode(line)
            answer = zygote.obey(command)
            if answer is None:
                return command.part if isinstance(command, Start) else None
            sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
            sys.stdout.buffer.flush()
    finally:
        if os.getpid() == ours:
            zygote.end()
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
