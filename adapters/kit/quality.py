"""Quality files: each adapter says for every rule whether it is done, to do, or does not apply and why."""

from collections.abc import Mapping
from typing import Literal

import msgspec
import yaml

RULES = (
    "signature-bad",
    "signature-missing",
    "signature-rotation",
    "signature-empty-secret",
    "signature-stale",
    "signature-byte-exact",
    "event-ping",
    "event-unknown",
    "event-duplicate",
    "capabilities-exercised",
    "errors-by-status",
    "rate-limit-retry-after",
    "paging-ends",
    "allowed-hosts",
    "no-secret-in-logs",
    "outcome-unknown-read-back",
    "no-disposition",
    "advance-refuses-terminal",
    "admin-readme",
)


class Exempt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rule does not apply; ``exempt`` says why."""

    exempt: str


Grade = Literal["done", "todo"] | Exempt


class QualityInvalid(ValueError):
    """A quality file is wrong; the message has every mistake."""


def parse_quality(text: str, *, source: str) -> Mapping[str, Grade]:
    """Read a quality file: a mapping of every rule to ``done``, ``todo`` or ``{exempt: reason}``.

    Raises:
        QualityInvalid: rules are missing or unknown, or a grade is none of the three.
    """
    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise QualityInvalid(f"{source}: not YAML: {error}") from error
    if not isinstance(loaded, dict):
        raise QualityInvalid(f"{source}: a mapping of rules is needed")
    mistakes = [f"unknown rule {rule}" for rule in loaded if rule not in RULES]
    mistakes += [f"missing rule {rule}" for rule in RULES if rule not in loaded]
    grades: dict[str, Grade] = {}
    for rule in RULES:
        try:
            grades[rule] = msgspec.convert(loaded.get(rule, "todo"), Grade)
        except msgspec.ValidationError:
            mistakes.append(f'{rule}: write done, todo or {{exempt: "reason"}}, the reason in quotes')
        else:
            mistakes += _unreasoned(rule, grades[rule])
    if mistakes:
        raise QualityInvalid(f"{source}: {'; '.join(mistakes)}")
    return grades


def _unreasoned(rule: str, grade: Grade) -> list[str]:
    return [f"{rule}: an exemption needs a reason"] if isinstance(grade, Exempt) and not grade.exempt.strip() else []
