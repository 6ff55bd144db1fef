"""A pytest plugin for one trial: writes down how each test ended, and whether the copy was tested and nothing else."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

VERDICT = "MUTANTS_VERDICT"
OURS = ("orchestrator", "adapters", "rubrics", "tests")


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors in a group of errors; an error that is no group is its own only leaf."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def name_of(error: BaseException) -> str:
    """What a failure is called: a test that wanted an error and got none has failed by assertion, a time-out has not."""
    if isinstance(error, pytest.fail.Exception):
        return "AssertionError" if str(error).startswith("DID NOT RAISE") else "Timeout"
    return type(error).__name__


def strangers(root: Path) -> list[str]:
    """Modules of ours that were imported from anywhere but the copy."""
    found = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] in OURS and file is not None and not Path(file).resolve().is_relative_to(root):
            found.append(f"{name}: {file}")
    return found


class Witness:
    """Notes the end of every test."""

    def __init__(self, root: Path, verdict: Path) -> None:
        self._root = root
        self._verdict = verdict
        self._passed = 0
        self._failed: list[dict[str, object]] = []
        self._broken: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """A failure of the test itself is one thing, of what it is built on another."""
        report = yield
        if call.excinfo is not None and call.when == "call":
            errors = sorted({name_of(error) for error in leaves(call.excinfo.value)})
            self._failed.append({"test": item.nodeid, "errors": errors})
        elif call.excinfo is not None:
            self._broken.append(f"{item.nodeid} ({call.when}): {call.excinfo.typename}")
        elif call.when == "call":
            self._passed += 1
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """What cannot be collected proves nothing."""
        if report.failed:
            self._broken.append(f"{report.nodeid}: not collected")

    def pytest_sessionfinish(self) -> None:
        """Leave the verdict."""
        seen = {
            "passed": self._passed,
            "failed": self._failed,
            "broken": self._broken,
            "strangers": strangers(self._root),
            "engine": str(getattr(sys.modules.get("orchestrator"), "__file__", "")),
        }
        self._verdict.write_text(json.dumps(seen), "utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Take the place of a witness where a trial asks for one."""
    if VERDICT in os.environ:
        config.pluginmanager.register(Witness(config.rootpath.resolve(), Path(os.environ[VERDICT])))
