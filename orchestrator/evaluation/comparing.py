"""One outcome against another, and the thresholds that a release must keep (G09)."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from orchestrator.errors import ConfigurationInvalid
from orchestrator.evaluation import agreement
from orchestrator.evaluation.agreement import number
from orchestrator.evaluation.outcome import Change, Outcome
from orchestrator.evaluation.wanted import Gate

_LEAST = 2


def read_outcome(path: Path) -> Outcome:
    """Read what `evenhand eval --json` wrote.

    Raises:
        ConfigurationInvalid: the file is something else, or of another version.
        OSError: it cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Outcome)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid([f"{path}: is not an outcome of evenhand eval ({error})"]) from error


def compare(before: Outcome, after: Outcome) -> Change:
    """The change on the answers that both have a level for, with a paired interval. The people are those of ``after``."""
    earlier = {one.id: one for one in before.predictions if one.grader is not None}
    both = [(one, earlier[one.id]) for one in after.predictions if one.grader is not None and one.id in earlier]
    highest = after.set.max_level or 1
    people = np.array([now.people / highest for now, _ in both])
    new = np.array([(now.grader or 0) / highest for now, _ in both])
    old = np.array([(then.grader or 0) / highest for _, then in both])
    enough = len(both) >= _LEAST
    was = number(float(agreement.qwk_by_moments(people, old))) if enough else None
    is_now = number(float(agreement.qwk_by_moments(people, new))) if enough else None
    known = was is not None and is_now is not None
    return Change(
        with_grader=before.grader.model or before.grader.kind,
        n=len(both),
        qwk_before=was,
        qwk_after=is_now,
        qwk_change=is_now - was if was is not None and is_now is not None else None,
        qwk_change_ci=agreement.difference_interval(agreement.qwk_by_moments, people, old, new, seed=after.seed)
        if known
        else None,
        moved=int(np.sum(new != old)),
        same_set=before.set.sha256 == after.set.sha256,
    )


def missed(gate: Gate, outcome: Outcome) -> Sequence[str]:
    """Every threshold that the outcome misses, in words; empty where it keeps them all. What is unknown is missed."""
    said = []
    if gate.min_qwk is not None and (outcome.qwk is None or outcome.qwk < gate.min_qwk):
        said.append(f"QWK is {_figure(outcome.qwk)}, and must be at least {gate.min_qwk:g}")
    if gate.max_drop is not None:
        change = None if outcome.compared is None else outcome.compared.qwk_change
        if change is None or -change > gate.max_drop:
            said.append(f"QWK changed by {_figure(change)}, and may fall by at most {gate.max_drop:g}")
    return said


def _figure(value: float | None) -> str:
    return "not known" if value is None else f"{value:.3f}"
