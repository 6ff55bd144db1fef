"""What commands share: a runtime, errors in words, and output as a table or as JSON."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from adapters.contract.errors import AdapterError
from orchestrator.errors import ConfigurationInvalid, EvenhandError, SettingsInvalid
from orchestrator.main import Runtime, build, configure_logging, read_environment

P = ParamSpec("P")
T = TypeVar("T")

DATABASE_HELP = "Is EVENHAND_DATABASE_URL right, and did `evenhand db upgrade` run?"
PIPE_WIDTH = 2000
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


def plainly(function: Callable[P, T]) -> Callable[P, T]:
    """Turn what can go wrong into words on standard error and exit status 1 (2 where a file or setting must be mended)."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except ConfigurationInvalid as error:
            click.echo("\n".join(str(problem) for problem in error.problems), err=True)
            sys.exit(2)
        except EvenhandError as error:
            click.echo(f"evenhand: {error}", err=True)
            sys.exit(2 if isinstance(error, SettingsInvalid) else 1)
        except AdapterError as error:
            click.echo(f"evenhand: the ATS: {error} ({type(error).__name__})", err=True)
            sys.exit(1)
        except SQLAlchemyError as error:
            # Its own words repeat statements and values; what is to be done fits in one line.
            click.echo(f"evenhand: the database cannot be used ({type(error).__name__}). {DATABASE_HELP}", err=True)
            sys.exit(1)
        except OSError as error:
            click.echo(f"evenhand: {error.strerror or error}", err=True)
            sys.exit(1)

    return wrapped


def with_runtime(action: Callable[[Runtime], Coroutine[Any, Any, T]]) -> T:
    """Build a runtime from the environment, run an action on it, release everything."""
    settings = read_environment(os.environ)
    configure_logging(settings)

    async def run() -> T:
        runtime = build(settings, os.environ)
        try:
            return await action(runtime)
        finally:
            await runtime.aclose()

    return asyncio.run(run())


def show(rows: Sequence[msgspec.Struct], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Print rows as JSON, or as a table of some columns."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
        return
    if not rows:
        click.echo(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(getattr(row, column)) for column in columns))
    # An id must be there to be copied: nothing is cut off, and what goes into a pipe has one line for each row.
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, soft_wrap=True).print(table)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case float():
            return f"{value:.0f}"
        case tuple() | list():
            return ", ".join(str(part) for part in value)
        case _:
            return str(value)
