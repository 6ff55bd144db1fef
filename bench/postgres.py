"""A private PostgreSQL server with the settings of a production machine: nothing is traded for speed.

The server of the tests forgets everything in a power cut; figures from one of those would be worth nothing.
"""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.fixtures.postgres import ROLE, Cluster

SETTINGS: Mapping[str, str] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
}


@contextmanager
def production_cluster() -> Iterator[Cluster]:
    """A running server that has put every commit on disk before it says so; gone afterwards."""
    cluster = Cluster()
    cluster.start()
    try:
        for name, value in SETTINGS.items():
            cluster.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        cluster.restart()
        yield cluster
    finally:
        cluster.stop()


def address(cluster: Cluster, database: str) -> str:
    """The address of a database as libpq, asyncpg and psycopg read it."""
    return f"postgresql://{ROLE}@127.0.0.1:{cluster.port}/{database}"


def query(cluster: Cluster, database: str, statement: str) -> str:
    """The first value that a statement gives, as text."""
    command = [str(cluster.bin / "psql"), "-X", "-q", "-t", "-A", address(cluster, database), "-c", statement]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - fixed arguments, no shell


def pgbench_program(cluster: Cluster) -> Path:
    """Where pgbench is; it comes with the server."""
    return cluster.bin / "pgbench"
