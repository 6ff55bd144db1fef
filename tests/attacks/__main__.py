"""Print what the defences do: ``python -m tests.attacks [--turns FOLDER]``."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from orchestrator.demo.show import read_answers
from tests.attacks.measuring import BenignRow, benign, drift, families, most, turns_of
from tests.unit.domain.test_gate import HONEST
from tests.unit.domain.test_quality import BENIGN
from tests.unit.domain.test_redaction import WORK_WORDS
from tests.unit.grading.interviews import INTERVIEWS

TURNS = Path(__file__).parents[1] / "fixtures" / "beyond_the_resume"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The attack suite, and the drift of its defences on honest texts.")
    parser.add_argument("--turns", type=Path, default=TURNS, help="a folder of interviews as in beyond-the-resume")
    sys.stdout.write("\n".join(asyncio.run(_report(parser.parse_args(argv).turns))) + "\n")


async def _report(folder: Path) -> list[str]:
    return [*await _attacks(), "", *_benign(folder), "", *await _drift()]


async def _attacks() -> list[str]:
    lines = [
        f"{'family':12}{'attacks':>8}{'flagged':>9}{'levels moved':>14}{'held':>6}{'top band':>10}{'inventions believed':>21}"
    ]
    rows = await families()
    lines += [
        f"{row.family:12}{row.attacks:8}{row.flagged:9}{row.moved:14}{row.held:6}{row.top_band:10}{row.inventions_believed:21}"
        for row in rows
    ]
    total = [
        sum(column)
        for column in zip(
            *((r.attacks, r.flagged, r.moved, r.held, r.top_band, r.inventions_believed) for r in rows), strict=True
        )
    ]
    lines.append("{:12}{:8}{:9}{:14}{:6}{:10}{:21}".format("all", *total))
    return lines


def _benign(folder: Path) -> list[str]:
    interviews = [answer for several in INTERVIEWS.values() for answers in several for answer in answers.values()]
    sets = {
        "interviews": interviews,
        "demo": list(read_answers(None)),
        "styles": HONEST,
        "near misses": BENIGN,
        "work words": WORK_WORDS,
        "beyond-the-resume": list(turns_of(folder)),
    }
    rows = [benign(name, texts) for name, texts in sets.items() if texts]
    whole = [
        sum(column)
        for column in zip(*((r.texts, r.flagged, r.refused, r.words, r.redacted) for r in rows), strict=True)
    ]
    rows.append(BenignRow("all", *whole))
    head = f"{'honest texts':20}{'texts':>6}{'flagged':>9}{'at most':>9}{'refused':>9}{'at most':>9}{'words':>8}{'redacted':>10}"
    return [head, *map(_benign_line, rows)]


def _benign_line(row: BenignRow) -> str:
    flagged, refused = most(row.flagged, row.texts), most(row.refused, row.texts)
    share = row.redacted / row.words
    return f"{row.name:20}{row.texts:6}{row.flagged:9}{flagged:9.1%}{row.refused:9}{refused:9.1%}{row.words:8}{share:10.2%}"


async def _drift() -> list[str]:
    head = f"{'drift of the embedded grader':34}{'levels':>8}{'moved':>8}{'mean shift':>12}"
    return [head, *(f"{r.name:34}{r.compared:8}{r.moved:8}{r.mean_shift:12.3f}" for r in await drift())]


if __name__ == "__main__":
    main()
