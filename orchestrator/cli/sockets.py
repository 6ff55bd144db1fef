"""The sockets that a server listens on: its own, or those that whoever started it already listens on.

The second is systemd's protocol (sd_listen_fds): descriptors from 3 on, their number in LISTEN_FDS, and in LISTEN_PID
the process that they are meant for. The socket outlives the process, so a restart refuses nobody.
"""

import os
import socket
from collections.abc import MutableMapping

from orchestrator.errors import SettingsInvalid

FIRST_DESCRIPTOR = 3
QUEUE = 1024
_OURS = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def inherited(environ: MutableMapping[str, str]) -> list[socket.socket]:
    """The sockets that were handed to this process, none where none were. The variables are taken away.

    Raises:
        SettingsInvalid: what was handed over are no listening TCP sockets.
    """
    meant_for, count, _ = (environ.pop(name, "") for name in _OURS)
    if meant_for != str(os.getpid()):
        return []
    if not count.isdecimal():
        raise SettingsInvalid("LISTEN_FDS must be a number")
    return [_adopt(FIRST_DESCRIPTOR + number) for number in range(int(count))]


def _adopt(descriptor: int) -> socket.socket:
    try:
        given = socket.socket(fileno=descriptor)
        given.set_inheritable(False)
        listens = given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise SettingsInvalid(f"LISTEN_FDS: descriptor {descriptor} is no socket") from error
    if not listens or given.family not in {socket.AF_INET, socket.AF_INET6}:
        raise SettingsInvalid(f"LISTEN_FDS: descriptor {descriptor} is no listening TCP socket")
    return given


def bound_to(host: str, port: int) -> socket.socket:
    """A socket of our own that listens.

    Raises:
        OSError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(QUEUE)
    except OSError:
        bound.close()
        raise
    return bound
