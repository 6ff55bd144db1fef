"""The root command and what every command shares: errors in words, output for people or as JSON."""

import click

from orchestrator.cli.audit import audit
from orchestrator.cli.backfill import backfill
from orchestrator.cli.calibration import calibration
from orchestrator.cli.configuration import adapters, check, rubrics
from orchestrator.cli.credentials import credentials
from orchestrator.cli.database import db
from orchestrator.cli.demonstration import demo, mail_catcher
from orchestrator.cli.doctor import doctor
from orchestrator.cli.evaluation import evaluate
from orchestrator.cli.forecasting import review
from orchestrator.cli.local_model import model
from orchestrator.cli.operations import connection, quarantine, sync, work
from orchestrator.cli.processes import serve, worker
from orchestrator.cli.rehearsal import rehearse
from orchestrator.cli.rescoring import rescore
from orchestrator.cli.result_links import result_links
from orchestrator.cli.skeleton import new_adapter
from orchestrator.cli.stock import stock
from orchestrator.cli.stops import pause, resume
from orchestrator.cli.users import user


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="evenhand")
def evenhand() -> None:
    """Automated first interviews inside your applicant tracking system."""


for command in (
    serve,
    worker,
    demo,
    mail_catcher,
    check,
    db,
    rubrics,
    adapters,
    sync,
    quarantine,
    work,
    connection,
    credentials,
    pause,
    resume,
    audit,
    backfill,
    calibration,
    doctor,
    evaluate,
    model,
    rehearse,
    rescore,
    result_links,
    review,
    stock,
    user,
):
    evenhand.add_command(command)
adapters.add_command(new_adapter)
