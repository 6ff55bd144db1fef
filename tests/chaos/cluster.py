"""A private PostgreSQL that survives its own death: what it said was committed is there after an immediate stop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fixtures.postgres import Cluster

NAME = "chaos"
# The fixture trades durability for speed, which is right for tests and would lose acknowledged events here. What the
# operating system holds survives the end of a process, so fsync may stay off: chaos kills processes, not machines.
DURABLE = {"synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on", "log_min_messages": "error"}


class MortalCluster(Cluster):
    """A cluster that can be restarted under load, and whose connections can be cut."""

    def start(self) -> None:
        """Start it with the chaos's own settings and an empty database."""
        super().start()
        for name, value in DURABLE.items():
            self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.execute("SELECT pg_reload_conf()")
        self.create(NAME)

    def restart_in(self, mode: str) -> None:
        """Stop (``fast`` rolls back and disconnects, ``immediate`` is a crash) and start again on the same port."""
        self._control("stop", "-w", "-m", mode)
        self._control("start", "-w", "-t", "60", "-o", f"-p {self.port}")

    def cut(self, share: float) -> None:
        """End a share of the connections to the database, in the middle of whatever they do."""
        others = f"datname = '{NAME}' AND pid <> pg_backend_pid() AND random() < {share:f}"
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[tuple[str, MortalCluster | None]]:
    """The URL of an empty database of a kind, and its server where it has one."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'evenhand.sqlite3'}", None
        return
    cluster = MortalCluster()
    cluster.start()
    try:
        yield cluster.url(NAME), cluster
    finally:
        cluster.stop()
