"""What is measured against, and where it is installed: never in the product's own environment.

``.venv-bench`` holds the Python rivals (from requirements-bench.lock), ``build/bench/node-red`` holds Node-RED.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from bench.harness import Void
from bench.machine import ROOT

VENV = ROOT / ".venv-bench"
LOCK = ROOT / "requirements-bench.lock"
NODE_RED = ROOT / "build" / "bench" / "node-red"
# The newest line that runs on Node 18 and 20; Node-RED 5 asks for Node 22.9.
NODE_RED_VERSION = "4.1.15"
INSTALL_SECONDS = 600


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


def n8n() -> str:
    """The n8n program on the path.

    Raises:
        Void: it is not installed; nothing here installs it.
    """
    program = shutil.which("n8n")
    if program is None:
        raise Void("n8n is not installed (npm install --global n8n, about 2 GB); it was not measured")
    return program


def _install(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)  # noqa: S603 - fixed arguments, no shell
    except subprocess.CalledProcessError as error:
        raise Void(f"{command[0]} {command[1]} failed: {str(error.stderr)[-300:]}") from error
