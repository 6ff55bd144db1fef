"""Empty databases of either kind for one part of the bench, with the settings that everybody measured here gets."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench import evenhand
from bench.postgres import address, production_cluster, query
from tests.fixtures.postgres import Cluster

NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


class Bases(msgspec.Struct, frozen=True):
    """Databases of one kind: addresses for SQLAlchemy and for drivers, and how to ask one for a number."""

    sqlalchemy: Callable[[str], str]
    driver: Callable[[str], str]
    number: Callable[[str, str], int]


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[Bases]:
    """Empty databases of a kind, made as they are asked for."""
    if kind == "sqlite":
        yield Bases(
            sqlalchemy=lambda name: evenhand.sqlite_url(folder, name),
            driver=lambda name: str(folder / f"{name}.sqlite3"),
            number=lambda name, statement: sqlite_number(folder / f"{name}.sqlite3", statement),
        )
        return
    with production_cluster() as cluster:
        yield _postgres_bases(cluster)


def _postgres_bases(cluster: Cluster) -> Bases:
    made: set[str] = set()

    def ensured(name: str) -> str:
        if name not in made:
            cluster.create(name)
            made.add(name)
        return name

    return Bases(
        sqlalchemy=lambda name: cluster.url(ensured(name)),
        driver=lambda name: address(cluster, ensured(name)),
        number=lambda name, statement: int(query(cluster, name, statement)),
    )


def sqlite_number(path: Path, statement: str) -> int:
    """The first value that a statement gives."""
    database = sqlite3.connect(path)
    try:
        [number] = database.execute(statement).fetchone()
    finally:
        database.close()
    return int(number)
