"""Evenhand is killed (SIGKILL) at random moments of the demo and started again; the ATS and the mail catcher stay up.

The main job still completes, and nothing happens twice: one interview, one invitation, one note, one final result.
"""

import asyncio
import queue
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from typing_extensions import override

from orchestrator.demo.ats import NotSeen, Profile, Witness
from orchestrator.demo.browser import Surprised
from orchestrator.demo.evidence import add_reviewer, evidence, problems, stored_result
from orchestrator.demo.processes import Cast, NotReady, Stage, free_ports, new_stage
from orchestrator.demo.script import (
    BEFORE_STAGE,
    COMPLETION,
    JOB,
    decide,
    invitation_link,
    move_card,
    take_interview,
    wait_for_field,
    wait_for_result,
)
from orchestrator.demo.show import prepare_folder, read_answers
from orchestrator.domain.interview import Completion
from orchestrator.domain.result import Result
from orchestrator.domain.transcript import Transcript
from orchestrator.main import Runtime, build, read_environment
from tests.chaos.processes import Troupe
from tests.chaos.roles import CommandPart
from tests.fixtures.house import REVIEWER

KILLS = {"invitation": 3, "interview": 3, "scoring": 2, "write-back": 2}
PATIENCE = 150.0


class ForkedCast(Cast):
    """Evenhand is forked from a process that has imported it already: ten starts cost half a minute otherwise."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._ready = f"{stage.ports.evenhand_url}/readyz"
        self._evenhand = CommandPart(["serve", "--with-worker"], stage.environment())
        self._troupe = Troupe(stage.folder)

    @override
    def start_evenhand(self) -> None:
        self._troupe.start("evenhand", self._evenhand)

    def evenhand_dies_and_comes_back(self) -> None:
        """SIGKILL, a start, and it answers.

        Raises:
            NotReady: it does not.
        """
        self._troupe.kill("evenhand")
        self.until_evenhand_answers()

    def until_evenhand_answers(self) -> None:
        """Wait for it.

        Raises:
            NotReady: it took too long; its last words are in the message.
        """
        deadline = monotonic() + PATIENCE
        while monotonic() < deadline:
            with suppress(httpx.TransportError):
                if httpx.get(self._ready, timeout=2.0, trust_env=False).is_success:
                    return
            # Nothing announces that a port begins to listen, so it is asked.
            sleep(0.02)
        raise NotReady(f"Evenhand did not come up:\n{self._troupe.last_words('evenhand')}")

    @override
    def end(self) -> None:
        self._troupe.end()
        super().end()


class Killer(threading.Thread):
    """Kills Evenhand at random moments of each phase and starts it again.

    A phase has kills of its own: a process that dies as soon as it is up would never get beyond the first.
    """

    def __init__(self, cast: ForkedCast, *, seed: int) -> None:
        super().__init__(daemon=True)
        self.kills: Counter[str] = Counter()
        self.trouble: NotReady | None = None
        self._cast = cast
        self._random = random.Random(seed)
        self._orders: queue.Queue[str] = queue.Queue()

    def strike(self, phase: str) -> None:
        """The phase begins: its kills come, each a random while after Evenhand is up."""
        for _ in range(KILLS[phase]):
            self._orders.put(phase)

    def run(self) -> None:
        """Kill, start, wait until it answers, and after a random while again."""
        while self.kills.total() < sum(KILLS.values()):
            phase = self._orders.get()
            # The moment is the point: between none and all of what one phase of the job takes.
            sleep(self._random.uniform(0.0, 0.35))
            self.kills[phase] += 1
            try:
                self._cast.evenhand_dies_and_comes_back()
            except NotReady as error:
                self.trouble = error
                return


def until_open(stage: Stage) -> None:
    """Wait until somebody listens again. To ask for pages meanwhile would only slow the start down."""
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", stage.ports.evenhand), timeout=1):
            return
        sleep(0.02)


def persistently(stage: Stage, action: Callable[[], Any]) -> Any:
    """Do it, and again when the site was away: what a patient person does."""
    deadline = monotonic() + PATIENCE
    while True:
        try:
            return action()
        except (httpx.TransportError, httpx.HTTPStatusError, Surprised):
            if monotonic() > deadline:
                raise
            sleep(0.05)
            until_open(stage)


def read_back(stage: Stage) -> tuple[Transcript, Result]:
    """Transcript and result from the database, after walking the audit chain."""
    environment = stage.environment()
    runtime = build(read_environment(environment), environment)

    async def read(runtime: Runtime) -> tuple[Transcript, Result]:
        try:
            await runtime.services.operating.verify_audit()
            return await stored_result(runtime)
        finally:
            await runtime.aclose()

    return asyncio.run(read(runtime))


def open_house(stage: Stage, cast: ForkedCast) -> None:
    """Start all three processes with a reviewer's account."""
    prepare_folder(stage)
    environment = stage.environment()

    async def seed() -> None:
        runtime = build(read_environment(environment), environment)
        try:
            await add_reviewer(runtime, REVIEWER)
        finally:
            await runtime.aclose()

    asyncio.run(seed())
    cast.start_sandbox()
    cast.start_mail_catcher()
    cast.start_evenhand()
    cast.wait_until_ready("sandbox", stage.ports.sandbox_url)
    cast.wait_until_ready("mail-catcher", f"{stage.ports.mail_url}/api/messages")
    cast.until_evenhand_answers()


def decided(stage: Stage, witness: Witness, application_id: str) -> Profile:
    """Decide, however often the page is away, until the ATS shows the result."""
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        until_open(stage)
        with suppress(httpx.TransportError, Surprised):
            decide(stage.ports, REVIEWER, "the candidate")
        try:
            return wait_for_result_briefly(witness, application_id)
        except NotSeen:
            continue
    raise NotSeen("the result never came")


def wait_for_result_briefly(witness: Witness, application_id: str) -> Profile:
    """Look for the result for a moment."""
    profile = witness.profile(application_id)
    if profile["custom_fields"].get("interview_band") and profile["notes"]:
        return wait_for_result(witness, application_id)
    sleep(0.1)
    raise NotSeen("not yet")


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [20261122])
def test_ten_kills_lose_nothing_and_double_nothing(seed: int, tmp_path: Path) -> None:
    """Read back from the ATS, the mail catcher and the database when the dust has settled."""
    stage = new_stage(tmp_path, free_ports())
    cast = ForkedCast(stage)
    try:
        open_house(stage, cast)
        killer = Killer(cast, seed=seed)
        with Witness(stage.ports.sandbox_url, stage.admin_key) as witness:
            application = witness.application_in(JOB, BEFORE_STAGE)
            before = witness.profile(application["id"])
            killer.start()
            killer.strike("invitation")
            move_card(stage.ports, witness, application)
            link = invitation_link(stage.ports, before["candidate"]["emails"][0])
            before_interview = killer.kills.total()
            killer.strike("interview")
            persistently(stage, lambda: take_interview(stage.ports, link, read_answers(None)))
            killer.strike("scoring")
            in_review = wait_for_field(witness, application["id"], COMPLETION, [Completion.IN_REVIEW])
            before_decision = killer.kills.total()
            killer.strike("write-back")
            decided(stage, witness, application["id"])
            killer.join(timeout=PATIENCE)
            assert killer.trouble is None
            assert killer.kills == KILLS
            # Not all of them while everything was still to come.
            assert before_interview <= KILLS["invitation"]
            assert before_decision <= sum(KILLS.values()) - KILLS["write-back"]
            after = witness.profile(application["id"])
        mails = httpx.get(f"{stage.ports.mail_url}/api/messages", trust_env=False).json()
        transcript, result = read_back(stage)
    finally:
        cast.end()
    proof = evidence(before=before, in_review=in_review, after=after, transcript=transcript, result=result, timings={})

    assert list(problems(proof, result, transcript)) == []
    assert len(after["notes"]) == 1
    subjects = [mail["message_id"] for mail in mails]
    assert sorted(subjects) == sorted(set(subjects))
