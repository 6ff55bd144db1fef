"""The root command and what every command shares: errors in words, output for people or as JSON."""

import click

from orchestrator.cli.audit import audit
from orchestrator.cli.configuration import adapters, check, rubrics
from orchestrator.cli.database import db
from orchestrator.cli.demonstration import demo, mail_catcher
from orchestrator.cli.operations import connection, quarantine, sync, work
from orchestrator.cli.processes import serve, worker
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
    audit,
    user,
):
    evenhand.add_command(command)
