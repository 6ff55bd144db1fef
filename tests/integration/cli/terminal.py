"""The command line in this process: an environment of its own, a migrated SQLite file, and what a command printed."""

import asyncio
import json
import os
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import structlog
from click.testing import CliRunner
from sqlalchemy.engine import make_url

from orchestrator.cli.app import evenhand
from orchestrator.main import Runtime, build, read_environment

T = TypeVar("T")


@dataclass(frozen=True)
class Printed:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


@dataclass
class Terminal:
    """Runs ``evenhand …`` with nothing but its own EVENHAND_* variables."""

    url: str
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(make_url(self.url).database or "")

    def run(self, *arguments: str, typed: str | None = None, env: Mapping[str, str | None] | None = None) -> Printed:
        """Run a command; ``env`` replaces variables, None takes one away."""
        result = CliRunner().invoke(
            evenhand, arguments, input=typed, env={**self.environment, **(env or {})}, prog_name="evenhand"
        )
        # Logs were sent to the runner's standard error, which is closed by now.
        structlog.reset_defaults()
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Printed(result.exit_code, result.stdout, result.stderr)

    def arrange(self, action: Callable[[Runtime], Awaitable[T]]) -> T:
        """Do something to the database with the product's own code."""

        async def run() -> T:
            environment = {**os.environ, **self.environment}
            runtime = build(read_environment(environment), environment)
            try:
                return await action(runtime)
            finally:
                await runtime.aclose()

        return asyncio.run(run())

    def tamper(self, statement: str) -> None:
        """Change the file behind the product's back."""
        connection = sqlite3.connect(self.file)
        with connection:
            assert connection.execute(statement).rowcount > 0, "nothing was changed"
        connection.close()
