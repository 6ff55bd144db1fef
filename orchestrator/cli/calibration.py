"""calibration: sessions in which raters rate the same answers, and their reports."""

import uuid

import click
import msgspec

from orchestrator.cli.output import json_option, plainly, show, with_runtime
from orchestrator.domain.agreement import Estimate, Share
from orchestrator.domain.calibration_report import CalibrationReport
from orchestrator.main import Runtime

COLUMNS = ("id", "title", "rubric", "state", "items", "raters", "handed_in", "created_at")
AGREEMENT = ("competency", "levels", "alpha", "reading", "same_level", "one_apart", "software_same_level")
RATERS = ("rater", "rated", "severity", "drifted", "gold_met")


class AgreementLine(msgspec.Struct, frozen=True, kw_only=True):
    """Agreement on one competency, for a table."""

    competency: str
    levels: int
    alpha: str
    reading: str
    same_level: str
    one_apart: str
    software_same_level: str


class RaterLine(msgspec.Struct, frozen=True, kw_only=True):
    """One rater, for a table."""

    rater: str
    rated: int
    severity: str
    drifted: str
    gold_met: str


@click.group()
def calibration() -> None:
    """Calibration sessions: several raters, the same answers. They are made and rated on the pages."""


@calibration.command("list")
@json_option
@plainly
def list_sessions(as_json: bool) -> None:
    """List the newest sessions."""

    async def action(runtime: Runtime) -> None:
        rows = await runtime.services.calibrating.sessions(viewer=None)
        show(rows, COLUMNS, as_json=as_json, empty="No calibration sessions.")

    with_runtime(action)


@calibration.command("report")
@click.argument("session", type=click.UUID)
@json_option
@plainly
def report(session: uuid.UUID, as_json: bool) -> None:
    """Print how far the raters of SESSION agree, once it is revealed; it never names a candidate."""

    async def action(runtime: Runtime) -> None:
        found = await runtime.services.calibrating.report(session)
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        else:
            _print(found)

    with_runtime(action)


def _print(found: CalibrationReport) -> None:
    click.echo(f"{found.session.title}: {found.session.rubric} {found.session.rubric_version}, {found.session.state}")
    lines = [
        AgreementLine(
            competency=one.name,
            levels=one.levels,
            alpha=_estimate(one.alpha),
            reading=one.reading,
            same_level=_share(one.exact),
            one_apart=_share(one.within_one),
            software_same_level=_share(one.machine_exact),
        )
        for one in found.competencies
    ]
    show(lines, AGREEMENT, as_json=False, empty="")
    raters = [
        RaterLine(
            rater=one.name,
            rated=one.rated,
            severity="" if one.severity is None else f"{one.severity.value:+.2f}",
            drifted="" if one.drifted is None else "yes" if one.drifted else "no",
            gold_met=_share(one.gold.exact if one.gold else None),
        )
        for one in found.raters
    ]
    show(raters, RATERS, as_json=False, empty="")


def _estimate(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def _share(share: Share | None) -> str:
    return "" if share is None else f"{share.count}/{share.n} ({share.low:.0%} to {share.high:.0%})"
