"""``python -m bench``: measure, print a table, write JSON."""

import argparse
import importlib
import importlib.util
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.harness import APPLICATIONS, Figure, Goal, Options, Section, Void, options_of, section_facts, targets_missed
from bench.machine import machine
from bench.rendering import plain

# In the order of the page. A part that is not there is left out, and said so.
PARTS = {
    "a": "bench.ingest",
    "b": "bench.engine",
    "c": "bench.flow",
    "d": "bench.latency",
    "e": "bench.scale",
    "f": "bench.start",
    "g": "bench.claims",
    "w": "bench.workers",
}
# Bulk-loads ten million rows: `make bench-scale`.
ON_DEMAND = {"e"}


def measure(key: str, options: Options) -> Section:
    """Run one part in a scratch folder of its own."""
    folder = options.folder / key
    folder.mkdir()
    run: Callable[[Options], Section] = importlib.import_module(PARTS[key]).run
    try:
        return run(msgspec.structs.replace(options, folder=folder))
    except Void as error:
        nothing = Figure(name=f"part {key}", unit="", values=(), void=str(error))
        return Section(key=key, title=PARTS[key], goals=(Goal(figure=nothing, target=0),))


def wanted_parts(only: str | None) -> list[str]:
    """The keys to run: those asked for, else every part that is there and not on demand only."""
    there = [key for key, module in PARTS.items() if importlib.util.find_spec(module) is not None]
    if only is None:
        return [key for key in there if key not in ON_DEMAND]
    asked = [key.strip() for key in only.split(",")]
    if unknown := [key for key in asked if key not in there]:
        raise SystemExit(f"there is no part {', '.join(unknown)} (there are: {', '.join(there)})")
    return asked


def main(arguments: list[str]) -> int:
    """Run the bench; 0 when every target was met, 1 when one was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", help=f"parts, separated by commas ({', '.join(PARTS)})")
    parser.add_argument("--json", type=Path, help="where to write every raw figure")
    parser.add_argument("--quick", action="store_true", help="3 short rounds: to see that it runs, not to quote")
    parser.add_argument("--databases", default="sqlite,postgres")
    parser.add_argument("--applications", type=int, default=APPLICATIONS, help="size of the history of part e")
    parser.add_argument("--n8n", action="store_true", help="measure n8n too, where it is installed")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder with the logs")
    given = parser.parse_args(arguments)
    keys = wanted_parts(given.only)
    folder = Path(tempfile.mkdtemp(prefix="evenhand-bench-"))
    about, started, sections = machine(), time.monotonic(), []
    try:
        options = options_of(given, folder)
        for key in keys:
            sections.append(measure(key, options))
            sys.stdout.write(plain(sections[-1]) + "\n")
            sys.stdout.flush()
            if given.json:
                _write(given.json, about, given, sections, time.monotonic() - started)
    finally:
        if given.keep:
            sys.stdout.write(f"kept {folder}\n")
        else:
            shutil.rmtree(folder)
    missed = targets_missed(sections)
    sys.stdout.write(f"\n{about}\n{time.monotonic() - started:.0f} s; missed: {'; '.join(missed) or 'none'}\n")
    return 1 if missed else 0


def _write(
    path: Path, about: dict[str, object], given: argparse.Namespace, sections: list[Section], seconds: float
) -> None:
    facts = {
        "machine": about,
        "quick": given.quick,
        "seconds": round(seconds),
        "sections": [*map(section_facts, sections)],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=1) + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
