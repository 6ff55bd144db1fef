"""What the figures were measured on: without it they mean nothing."""

import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.postgres import SETTINGS
from tests.fixtures.postgres import _bin_folder

ROOT = Path(__file__).parents[1]
FSYNCS = 200


def machine() -> dict[str, object]:
    """Processor, memory, versions, settings and the price of an fsync, in plain values."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "cores": os.cpu_count(),
        "cpu": _field("/proc/cpuinfo", "model name"),
        "memory": _field("/proc/meminfo", "MemTotal"),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "sqlite_settings": "journal_mode=WAL, synchronous=FULL",
        "postgresql": _postgresql(),
        "postgresql_settings": ", ".join(f"{name}={value}" for name, value in SETTINGS.items()),
        "fsync_ms": fsync_milliseconds(),
    }


def commit() -> str:
    """The commit that is checked out; with a plus where the files differ from it."""
    try:
        head = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True).strip()  # noqa: S607 - git is wherever the developer has it
        changed = subprocess.check_output(["git", "status", "--porcelain"], cwd=ROOT, text=True).strip()  # noqa: S607 - git is wherever the developer has it
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}+" if changed else head


def fsync_milliseconds() -> float:
    """The median time of a small write that is forced to the disk where temporary files live."""
    taken = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(FSYNCS):
            started = time.perf_counter()
            file.write(b"x" * 512)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    return round(median(taken) * 1000, 3)


def _field(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown")


def _postgresql() -> str:
    try:
        program = _bin_folder() / "postgres"
    except RuntimeError:
        return "not installed"
    return subprocess.check_output([str(program), "--version"], text=True).strip().split(" ")[2]  # noqa: S603 - fixed arguments, no shell
