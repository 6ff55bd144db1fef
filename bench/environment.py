"""What is measured against, and where it is installed: never in the product's own environment.

``.venv-bench`` holds the Python rivals (from requirements-bench.lock), ``build/bench/node-red`` holds Node-RED.
n8n is two gigabytes and is only looked for, never installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from bench.harness import Void
from bench.machine import ROOT

VENV = ROOT / ".venv-bench"
LOCK = ROOT / "requirements-bench.lock"
NODE_RED = ROOT / "build" / "bench" / "node-red"
# The newest line that runs on Node 18 and 20; Node-RED 5 asks for Node 22.9.
NODE_RED_VERSION = "4.1.15"
# The line that the workflow was written for and tried with.
N8N_RECIPE = (
    "npm install n8n@1.123.81 under Node 24, about 2 GB; EVENHAND_BENCH_N8N names its program; docs/performance.md"
)
INSTALL_SECONDS = 600
VERSION_SECONDS = 120


def rivals_python() -> Path:
    """The interpreter with Procrastinate and PgQueuer; made from the lock when it is missing or the lock changed.

    Raises:
        Void: the packages cannot be installed.
    """
    python = VENV / "bin" / "python"
    mark = VENV / ".lock"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if python.exists() and mark.exists() and mark.read_text("ascii") == wanted:
        return python
    if VENV.exists():
        shutil.rmtree(VENV)
    _install([sys.executable, "-m", "venv", str(VENV)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _install([*pip, "--require-hashes", "-r", str(LOCK)])
    (VENV / ".gitignore").write_text("*\n", "ascii")
    mark.write_text(wanted, "ascii")
    return python


def node_red() -> Path:
    """Node-RED's start script, installed by npm where it is missing.

    Raises:
        Void: no Node or npm, or the package cannot be had.
    """
    script = NODE_RED / "node_modules" / "node-red" / "red.js"
    if script.exists():
        return script
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Void("Node-RED needs node (18 or newer) and npm (Debian: apt-get install nodejs npm)")
    NODE_RED.mkdir(parents=True, exist_ok=True)
    (NODE_RED / "package.json").write_text('{"private": true}\n', "utf-8")
    options = ["--no-audit", "--no-fund", "--no-save", "--prefix", str(NODE_RED)]
    _install(["npm", "install", *options, f"node-red@{NODE_RED_VERSION}"])
    return script


class Program(msgspec.Struct, frozen=True):
    """A program of somebody else's, how it is to be called, and which version it says it is."""

    path: Path
    version: str

    @property
    def environment(self) -> dict[str, str]:
        """PATH with the program's own folder first: a Node that lies beside it is the one it was installed with."""
        return {"PATH": os.pathsep.join((str(self.path.parent), os.environ.get("PATH", os.defpath)))}


def n8n() -> Program:
    """The n8n program that ``EVENHAND_BENCH_N8N`` names, or else the one on the path.

    Raises:
        Void: it is not installed (nothing here installs it), or does not run.
    """
    named = os.environ.get("EVENHAND_BENCH_N8N") or shutil.which("n8n")
    if not named or not Path(named).is_file():
        raise Void(f"n8n {named or ''} is not there ({N8N_RECIPE}); it was not measured".replace("  ", " "))
    # Its own folder, not the one a link leads to: npm puts links to every program side by side.
    found = Program(Path(named).absolute(), "")
    with tempfile.TemporaryDirectory(prefix="evenhand-bench-") as home:
        settings = os.environ | found.environment | {"N8N_USER_FOLDER": home, "N8N_DIAGNOSTICS_ENABLED": "false"}
        command = [str(found.path), "--version"]
        try:
            told = subprocess.run(  # noqa: S603 - the program that the developer named
                command, env=settings, capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Void(f"n8n does not say its version: {error} ({N8N_RECIPE}); it was not measured") from error
    return Program(found.path, told.stdout.split()[-1] if told.stdout.split() else "of unknown version")


def _install(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)  # noqa: S603 - fixed arguments, no shell
    except subprocess.CalledProcessError as error:
        raise Void(f"{command[0]} {command[1]} failed: {str(error.stderr)[-300:]}") from error
