"""The demo: start everything, run the main job once, verify it by reading it back from the ATS, keep serving."""

import asyncio
import json
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestrator.demo.ats import Profile, Witness
from orchestrator.demo.evidence import Evidence, add_reviewer, evidence, problems, stored_result
from orchestrator.demo.processes import Cast, Stage, free_ports, new_stage, wanted_ports
from orchestrator.demo.script import (
    BEFORE_STAGE,
    COMPLETION,
    JOB,
    TRIGGER_STAGE,
    Reviewer,
    decide,
    invitation_link,
    move_card,
    take_interview,
    wait_for_field,
    wait_for_result,
)
from orchestrator.domain.interview import Completion
from orchestrator.domain.result import Result
from orchestrator.domain.transcript import Transcript
from orchestrator.errors import ConfigurationInvalid, EvenhandError
from orchestrator.main import Runtime, build, migrate, read_environment
from rubrics.loader import find

RUBRIC = "customer-support/first-interview"
SANDBOX_ADDRESS = "base_url: http://127.0.0.1:8401"


class Display:
    """Says each step as it happens, and how long it took."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self.timings: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, words: str) -> Iterator[None]:
        """One step: a spinner while it lasts, a tick with its time when it is done."""
        began = time.perf_counter()
        with self.console.status(words):
            yield
        self.timings[name] = time.perf_counter() - began
        self.console.print(f"[green]✓[/] {words} [dim]{self.timings[name]:.1f} s[/]")


def read_answers(file: Path | None) -> Sequence[str]:
    """The answers of the scripted candidate, or anyone's own.

    Raises:
        ConfigurationInvalid: the file is not a JSON list of strings, at most one for each question, one of them not blank.
    """
    text = file.read_text("utf-8") if file else files("orchestrator.demo").joinpath("answers.json").read_text("utf-8")
    try:
        answers = json.loads(text)
    except ValueError as error:
        raise ConfigurationInvalid([f"{file} is not JSON: {error}"]) from error
    if not isinstance(answers, list) or not all(isinstance(answer, str) for answer in answers):
        raise ConfigurationInvalid([f"{file} must hold a JSON list of strings, one answer for each question in order"])
    questions = len(find(RUBRIC).questions)
    if len(answers) > questions:
        raise ConfigurationInvalid([f"{file} has {len(answers)} answers, and the interview has {questions} questions"])
    if not any(answer.strip() for answer in answers):
        raise ConfigurationInvalid([f"{file} answers nothing; at least one answer must not be blank"])
    return answers


def run_demo(*, once: bool, json_out: Path | None, answers: Path | None) -> int:
    """Run the demo; the exit status is 0 only if everything was verified.

    Raises:
        EvenhandError: something did not come up, or did not happen.
    """
    given = read_answers(answers)
    ports = free_ports() if once else wanted_ports(os.environ)
    folder = Path(tempfile.mkdtemp(prefix="evenhand-demo-"))
    stage = new_stage(folder, ports)
    cast, display = Cast(stage), Display()
    # A terminated demo must not leave its processes behind.
    # A shell that started it in the background made it deaf to Ctrl-C, too.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        return _perform(stage, cast, display, given, json_out=json_out, once=once)
    except (EvenhandError, httpx.HTTPError) as error:
        display.console.print(f"[red]✗[/] {error}", markup=True)
        for name in ("evenhand", "sandbox", "mail-catcher"):
            if (folder / f"{name}.log").is_file() and (words := cast.last_words(name)):
                display.console.print(f"--- {name} ---\n{words}", markup=False)
        return 1
    except KeyboardInterrupt:
        display.console.print("Goodbye.")
        return 0 if not once else 130
    finally:
        cast.end()
        shutil.rmtree(folder)


def _perform(
    stage: Stage, cast: Cast, display: Display, answers: Sequence[str], *, json_out: Path | None, once: bool
) -> int:
    began = time.perf_counter()
    reviewer = Reviewer("demo@northwind-outdoor.example", "Dana Whitfield", secrets.token_urlsafe(12))
    prepare_folder(stage)
    with display.step("start", "Starting the sandbox ATS, the mail catcher and Evenhand"):
        cast.start_sandbox()
        cast.start_mail_catcher()
        asyncio.run(_with_runtime(stage, reviewer))
        cast.start_evenhand()
        cast.wait_until_ready("sandbox", f"{stage.ports.sandbox_url}/")
        cast.wait_until_ready("mail-catcher", f"{stage.ports.mail_url}/api/messages")
        cast.wait_until_ready("evenhand", f"{stage.ports.evenhand_url}/readyz")
    proof, found = _main_job(stage, display, answers, reviewer)
    proof["timings_ms"]["total"] = round((time.perf_counter() - began) * 1000)
    if json_out is not None:
        json_out.write_text(json.dumps(proof, indent=2, ensure_ascii=False) + "\n", "utf-8")
    _show_profile(display.console, proof["ats_after"])
    for problem in found:
        display.console.print(f"[red]✗[/] {problem}")
    if not found:
        display.console.print(
            f"[green]✓[/] Verified by reading it back from the ATS. [dim]{time.perf_counter() - began:.1f} s in all[/]"
        )
    if once:
        return 1 if found else 0
    _say_where(display.console, stage, reviewer)
    while True:
        signal.pause()


def prepare_folder(stage: Stage) -> None:
    """Put evenhand.yaml there, with the sandbox's address, and migrate the database."""
    text = files("orchestrator.demo").joinpath("evenhand.yaml").read_text("utf-8")
    assert SANDBOX_ADDRESS in text  # noqa: S101 - the packaged file and this module belong together
    yaml = text.replace(SANDBOX_ADDRESS, f"base_url: {stage.ports.sandbox_url}")
    (stage.folder / "evenhand.yaml").write_text(yaml, "utf-8")
    migrate(read_environment(stage.environment()))


def _main_job(stage: Stage, display: Display, answers: Sequence[str], reviewer: Reviewer) -> tuple[Evidence, list[str]]:
    ports = stage.ports
    with Witness(ports.sandbox_url, stage.admin_key) as witness:
        application = witness.application_in(JOB, BEFORE_STAGE)
        before = witness.profile(application["id"])
        candidate = f"{before['candidate']['first_name']} {before['candidate']['last_name']}"
        with display.step("stage_change", f"A recruiter moves {candidate} to “{TRIGGER_STAGE}” in the ATS"):
            move_card(ports, witness, application)
        with display.step("invitation", "Evenhand hears of it, decides, and invites by e-mail"):
            link = invitation_link(ports, before["candidate"]["emails"][0])
        with display.step("interview", f"{before['candidate']['first_name']} answers on the real pages"):
            take_interview(ports, link, answers)
        with display.step("scoring", "The transcript is scored; the ATS shows “In review”, and no band"):
            in_review = wait_for_field(witness, application["id"], COMPLETION, [Completion.IN_REVIEW])
        with display.step("review", f"{reviewer.name} reads the evidence and confirms the band"):
            decide(ports, reviewer, candidate)
        with display.step("write_back", "Band, subscores, bullets and link are written to the ATS"):
            after = wait_for_result(witness, application["id"])
    transcript, result = asyncio.run(_read_back(stage))
    proof = evidence(
        before=before,
        in_review=in_review,
        after=after,
        transcript=transcript,
        result=result,
        timings=display.timings,
    )
    return proof, list(problems(proof, result, transcript))


async def _with_runtime(stage: Stage, reviewer: Reviewer) -> None:
    runtime = _runtime(stage)
    try:
        await add_reviewer(runtime, reviewer)
    finally:
        await runtime.aclose()


async def _read_back(stage: Stage) -> tuple[Transcript, Result]:
    runtime = _runtime(stage)
    try:
        await runtime.services.operating.verify_audit()
        return await stored_result(runtime)
    finally:
        await runtime.aclose()


def _runtime(stage: Stage) -> Runtime:
    environment = stage.environment()
    return build(read_environment(environment), environment)


def _show_profile(console: Console, profile: Profile) -> None:
    candidate = profile["candidate"]
    table = Table(title=f"{candidate['first_name']} {candidate['last_name']} in the ATS", title_justify="left")
    table.add_column("Field")
    table.add_column("Value", overflow="fold")
    for name, value in profile["custom_fields"].items():
        table.add_row(name, Text(str(value)))
    for note in profile["notes"]:
        table.add_row(f"Note by {note['author']} ({note['visibility']})", Text(note["body"]))
    console.print(table)


def _say_where(console: Console, stage: Stage, reviewer: Reviewer) -> None:
    ports = stage.ports
    console.print(
        f"""
Now it is yours. Everything runs on this machine until Ctrl-C:

  The ATS        {ports.sandbox_url}   move another card to “{TRIGGER_STAGE}” and be the candidate
  Mail           {ports.mail_url}   the invitation with the link arrives here
  Review         {ports.evenhand_url}/review
  Operations     {ports.evenhand_url}/operations
  Design system  {ports.evenhand_url}/design

  Sign in as     {reviewer.email}
  Password       {reviewer.password}
""",
        markup=False,
    )
