"""Sockets that systemd hands over: taken where they are meant for us, refused in words where they are none."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.sockets import bound_to, inherited
from orchestrator.errors import SettingsInvalid

# In a process of its own, for the descriptor is always 3.
_TAKE = """
import os, sys
from orchestrator.cli.sockets import inherited
from orchestrator.errors import SettingsInvalid
os.dup2(int(sys.argv[1]), 3)
try:
    found = inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"})
except SettingsInvalid as error:
    print(error)
else:
    print([one.getsockname()[1] for one in found], found[0].get_inheritable())
"""


def taken(descriptor: int) -> str:
    """What a process says of a descriptor that it was handed."""
    command = [sys.executable, "-c", _TAKE, str(descriptor)]
    done = subprocess.run(command, pass_fds=[descriptor], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_listening_socket_is_taken() -> None:
    """And not passed on to anybody else."""
    with bound_to("127.0.0.1", 0) as bound:
        assert taken(bound.fileno()) == f"[{bound.getsockname()[1]}] False"


def test_what_is_no_listening_socket_is_refused(tmp_path: Path) -> None:
    """A file and a socket that does not listen are named as what they are."""
    with (tmp_path / "file").open("w") as file, socket.socket() as deaf:
        assert taken(file.fileno()) == "LISTEN_FDS: descriptor 3 is no socket"
        assert taken(deaf.fileno()) == "LISTEN_FDS: descriptor 3 is no listening TCP socket"


@pytest.mark.parametrize("environ", [{}, {"LISTEN_FDS": "1"}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}])
def test_what_is_meant_for_another_process_is_left_alone(environ: dict[str, str]) -> None:
    """The variables of a parent do not count, and are not passed on."""
    assert inherited(environ) == []
    assert environ == {}


def test_a_number_that_is_none() -> None:
    """Said in words."""
    with pytest.raises(SettingsInvalid, match="must be a number"):
        inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "two"})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_socket_of_our_own(host: str) -> None:
    """On both kinds of address."""
    with bound_to(host, 0) as bound:
        assert bound.getsockname()[0] == host
