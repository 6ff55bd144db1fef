"""Evenhand's own processes under measurement, configured as an operator would."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from bench.deliveries import SECRET
from bench.harness import Void
from bench.processes import HOST, Process, free_port, python, running
from orchestrator.db.migrate import upgrade

# Nothing listens there: deliveries are taken in all the same.
ATS_AWAY = f"http://{HOST}:9"
API_KEY = "bench-api-key-that-is-long-enough-to-use"


def sqlite_url(folder: Path, name: str) -> str:
    """The URL of an Evenhand database in a file."""
    return f"sqlite+aiosqlite:///{folder / f'{name}.sqlite3'}"


def migrated(url: str) -> str:
    """Bring a database to the newest schema; its URL again."""
    # Alembic starts an event loop of its own.
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(upgrade, url).result()
    return url


def configuration(ats_url: str) -> str:
    """The example configuration with an ATS at ``ats_url`` and no cap on interviews."""
    text = files("orchestrator.demo").joinpath("evenhand.yaml").read_text("utf-8")
    for old, new in (("http://127.0.0.1:8401", ats_url), ("cap: {total: 125, per_day: 25}", "cap: {}")):
        if old not in text:
            raise Void(f"the example configuration has no {old!r} any more")
        text = text.replace(old, new)
    return text


def environment(database_url: str, folder: Path, port: int, *, ats_url: str, **more: str) -> dict[str, str]:
    """Settings of one Evenhand. ``more`` are further settings, without EVENHAND_ and in lower case."""
    config = folder / "evenhand.yaml"
    config.write_text(configuration(ats_url), "utf-8")
    named = {f"EVENHAND_{name.upper()}": value for name, value in more.items()}
    return {
        "EVENHAND_DATABASE_URL": database_url,
        "EVENHAND_CONFIG": str(config),
        "EVENHAND_BASE_URL": f"http://{HOST}:{port}",
        "EVENHAND_SECRET_KEY": "bench-secret-key-that-is-long-enough-to-use",
        # One connection brings the whole load here; the limit itself stays on.
        "EVENHAND_HOOKS_PER_SECOND": "100000",
        "EVENHAND_SANDBOX_API_KEY": API_KEY,
        "EVENHAND_SANDBOX_WEBHOOK_SECRET": SECRET,
        **named,
    }


@contextmanager
def web(
    name: str,
    database_url: str,
    folder: Path,
    *,
    program: Sequence[str] = ("orchestrator",),
    ats_url: str = ATS_AWAY,
    **more: str,
) -> Iterator[tuple[Process, str]]:
    """A ready ``evenhand serve`` without a worker, and its host:port."""
    port = free_port()
    settings = environment(database_url, folder, port, ats_url=ats_url, **more)
    command = python("-m", *program, "serve", "--port", str(port))
    with running(name, command, folder=folder, environment=settings) as process:
        process.wait_for(f"http://{HOST}:{port}/readyz")
        yield process, f"{HOST}:{port}"


@contextmanager
def sandbox(folder: Path) -> Iterator[str]:
    """A running sandbox ATS with the pilot company; its address."""
    port = free_port()
    keys = {
        "SANDBOX_API_KEY": API_KEY,
        "SANDBOX_ADMIN_KEY": "bench-admin-key-that-is-long-enough-to-use",
        "SANDBOX_WEBHOOK_SECRET": SECRET,
    }
    options = ["--port", str(port), "--database", str(folder / "ats.sqlite3"), "--seed", "pilot"]
    command = python("-m", "adapters.sandbox.server", *options)
    with running("sandbox", command, folder=folder, environment=keys) as process:
        process.wait_for(f"http://{HOST}:{port}/")
        yield f"http://{HOST}:{port}"
