"""How an order stands, in the words of ``assessment.update``. Pure.

Identifiers and labels are ours: Ashby shows the labels and keeps a value under its identifier, so they must not change.
"""

import re
from collections.abc import Mapping

from adapters.contract.assessment import OrderReport, Progress

# Ashby stores the beginning of an assessment where it reads "Started"; the other words are only shown.
STATUS_WORDS = {Progress.WAITING: "Invited", Progress.STARTED: "Started", Progress.COMPLETED: "Completed"}
CANCELLED = "Cancelled in Evenhand"
# Two states may fall into one millisecond; Ashby orders them by time, so a later state gets a later one.
ORDER = {Progress.WAITING: 0, Progress.STARTED: 1, Progress.COMPLETED: 2, Progress.CANCELLED: 2}
UNSCORED = "Not scored"
_OUTSIDE = re.compile(r"[^a-z0-9]+")


def to_update(report: OrderReport) -> Mapping[str, object]:
    """The body of ``assessment.update``: the same report always gives the same body."""
    update: dict[str, object] = {
        "assessment_id": report.order_id,
        "timestamp": report.at + ORDER[report.progress],
        "assessment_profile_url": _item("profile", "Interview in Evenhand", "url", report.link),
    }
    if report.progress is Progress.CANCELLED:
        update["cancelled_reason"] = _item("cancelled", "Cancelled", "string", CANCELLED)
        return update
    update["assessment_status"] = _item("status", "Status", "string", STATUS_WORDS[report.progress])
    if report.progress is Progress.COMPLETED:
        update["assessment_result"] = _result(report)
        update["metadata"] = _metadata(report)
    return update


def _result(report: OrderReport) -> object:
    if report.score is None:
        return _item("score", "Overall score", "string", report.band or UNSCORED)
    return _item("score", "Overall score", "numeric_score", report.score)


def _metadata(report: OrderReport) -> list[object]:
    told = [("band", "Band", report.band)] if report.band else []
    told += [(f"competency_{_slug(name)}", name, level) for name, level in report.subscores]
    told += [(f"remark_{number}", f"Remark {number}", text) for number, text in enumerate(report.bullets, start=1)]
    items: dict[str, object] = {}
    for wanted, label, value in told:
        identifier = wanted if wanted not in items else f"{wanted}_{len(items)}"
        items[identifier] = _item(identifier, label, "string", value)
    return list(items.values())


def _slug(name: str) -> str:
    return _OUTSIDE.sub("_", name.lower()).strip("_") or "other"


def _item(identifier: str, label: str, kind: str, value: object) -> Mapping[str, object]:
    return {"identifier": identifier, "label": label, "type": kind, "value": value}
