"""Calibration sets as files: one JSON object each, made from interviews that people rated as well as a grader."""

from pathlib import Path

import msgspec

from orchestrator.domain.conformal import CalibrationSet
from orchestrator.errors import ConfigurationInvalid
from rubrics.document import Problem

FOLDER = "calibration"
"""Beside evenhand.yaml: the sets that are in use."""
SUFFIX = ".json"


def read_calibration(path: Path) -> CalibrationSet:
    """Read one set.

    Raises:
        ConfigurationInvalid: the file cannot be read, or is something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=CalibrationSet)
    except OSError as error:
        raise ConfigurationInvalid([_problem(path, "cannot be read; is the path right?")]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid([_problem(path, f"is no calibration set: {error}")]) from error


def read_calibrations(folder: Path) -> tuple[CalibrationSet, ...]:
    """Read every set of a folder, by file name, none where there is no folder; raises ConfigurationInvalid with every problem."""
    sets: list[CalibrationSet] = []
    problems: list[object] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            sets.append(read_calibration(path))
        except ConfigurationInvalid as error:
            problems += error.problems
    if problems:
        raise ConfigurationInvalid(problems)
    return tuple(sets)


def _problem(path: Path, message: str) -> Problem:
    return Problem(file=str(path), line=1, column=1, field="", message=message)
