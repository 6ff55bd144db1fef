"""schemathesis over the whole API description, against the running application.

``python -m tests.fuzz.schema --examples 200 --seed 1``: for every operation, as a stranger and as a signed-in admin
(with the CSRF token), so many requests that fit the description and so many that break it. What may come out: an
answer that the description has for the operation, in a media type that it has for the answer; never a 5xx.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure

from tests.docs.openapi import document
from tests.fuzz.running import Caller, Door, another_address, running_door

SECONDS = 20
KNOWN_SHARE = 0.7
# What holds for every request. The others presume an API of records, or judge what HTML forms accept.
HOLDING = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
_ANY_TEXT = ({"type": "string"}, {"type": "string", "minLength": 1})
# Given before any route is reached, as the description says at its top.
_ALSO_POSSIBLE = frozenset({405, 408, 414, 429, 431})
load_all_checks()
Operation = APIOperation[Any, Any, Any, Any]
AnyCase = Case[Any]


@dataclass
class Answers:
    """How many requests were made, and how they were answered."""

    by_status: Counter[int] = field(default_factory=Counter)

    def last_line(self) -> str:
        """The line that others read."""
        classes: Counter[int] = Counter()
        for status, number in self.by_status.items():
            classes[status // 100] += number
        parts = [f"status_{number}xx={classes[number]}" for number in (2, 3, 4, 5)]
        return f"requests={self.by_status.total()} {' '.join(parts)}"


def operations() -> list[Operation]:
    """Every operation of the description; signing out last, because it ends the session of everything after it."""
    schema = schemathesis.openapi.from_dict(document())
    found = [schema[path][method] for path, item in document()["paths"].items() for method in item]
    return sorted(found, key=lambda operation: operation.path == "/sign-out")


@dataclass(frozen=True)
class Knocker:
    """Sends made-up requests to a running Evenhand, ``examples`` for each operation, caller and mode."""

    door: Door
    examples: int
    seed: int
    answers: Answers = field(default_factory=Answers)

    def knock(self, operation: Operation, caller: Caller, mode: GenerationMode) -> None:
        """Try one operation; raises schemathesis's FailureGroup for the smallest request that breaks the description."""

        @hypothesis.seed(self.seed)
        @hypothesis.settings(
            max_examples=self.examples,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode), choice=st.integers(0, 2**16))
        def one(case: AnyCase, choice: int) -> None:
            self._ask(case, caller, random.Random(choice))

        one()

    def _ask(self, case: AnyCase, caller: Caller, chance: random.Random) -> None:
        for name in set(case.path_parameters) & set(self.door.known):
            if chance.random() < KNOWN_SHARE:
                case.path_parameters[name] = chance.choice(self.door.known[name])
        headers = {**caller.headers, **another_address(), "Accept": chance.choice(("text/html", "*/*"))}
        response = case.call(
            base_url=self.door.url,
            headers=headers,
            cookies=dict(caller.cookies),
            timeout=SECONDS,
            allow_redirects=False,
        )
        self.answers.by_status[response.status_code] += 1
        known = response.status_code not in _ALSO_POSSIBLE
        checks: Any = CHECKS.get_by_names(HOLDING if known else HOLDING[:1])
        case.validate_response(response, checks=checks)


def knock_everywhere(knocker: Knocker) -> list[str]:
    """Every operation, by both callers, and what breaks the description by the admin; what failed, in words."""
    failures: list[str] = []
    for operation in operations():
        for caller, mode in knocks(knocker.door, operation):
            try:
                knocker.knock(operation, caller, mode)
            except* Failure as group:
                words = "\n".join(str(failure) for failure in group.exceptions)
                failures.append(f"{operation.label} as {caller.name}, {mode.value}: {words}")
    return failures


def knocks(door: Door, operation: Operation) -> Iterator[tuple[Caller, GenerationMode]]:
    """Who asks, and how. Where every text fits, nothing can break the description."""
    yield door.stranger, GenerationMode.POSITIVE
    yield door.admin, GenerationMode.POSITIVE
    if any(parameter.definition["schema"] not in _ANY_TEXT for parameter in operation.path_parameters):
        yield door.admin, GenerationMode.NEGATIVE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.schema", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=50, help="for each operation, caller and kind of request")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, running_door(Path(folder)) as door:
        knocker = Knocker(door, given.examples, given.seed)
        failures = knock_everywhere(knocker)
        alive = door.alive()
    for failure in failures:
        sys.stdout.write(f"FAILURE {failure}\n")
    sys.stdout.write(f"seconds={time.monotonic() - started:.0f} alive_afterwards={'yes' if alive else 'NO'}\n")
    sys.stdout.write(knocker.answers.last_line() + "\n")
    return 1 if failures or not alive else 0


if __name__ == "__main__":
    sys.exit(main())
