"""The main job in Odoo, twice: once heard of by the webhook, once by polling."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx

from orchestrator.demo.script import decide, invitation_link, take_interview, wait_for
from orchestrator.demo.show import read_answers
from tests.odoo.door import Door
from tests.odoo.house import CONNECTION, House
from tests.odoo.people import Administrator, Record, Recruiter
from tests.odoo.processes import Processes
from tests.odoo.provision import Say
from tests.odoo.server import DATABASE, Keys, Server

COMPLETION, BAND = "x_interview_completion", "x_interview_band"
TITLE = "Customer Support Specialist"
AMARA: Record = {
    "partner_name": "Amara Okafor",
    "email_from": "amara.okafor@example.com",
    "partner_phone": "+44 20 7946 0018",
    "linkedin_profile": "https://www.linkedin.com/in/amara-okafor-example",
}
BENO: Record = {"partner_name": "Beno Lindqvist", "email_from": "beno.lindqvist@example.com"}


class Verdict:
    """What was seen, and what should have been."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.seen: list[str] = []
        self.missing: list[str] = []

    def expect(self, held: bool, words: str) -> None:  # noqa: FBT001 - what was seen comes first, as in an assertion
        """Keep whether something held."""
        (self.seen if held else self.missing).append(words)
        self.say(f"{'✓' if held else '✗'} {words}")


class Job:
    """Evenhand beside Odoo, and the people on both sides."""

    def __init__(self, folder: Path, odoo: Server, keys: Keys, processes: Processes, verdict: Verdict) -> None:
        self._processes, self._verdict, self._say = processes, verdict, verdict.say
        self._administrator, self._recruiter = Administrator(odoo.url, keys.admin), Recruiter(odoo.url)
        self._house = House(folder, odoo.url, DATABASE, keys.evenhand)
        self._door = Door(self._house.ports.evenhand_url)
        self._stages = self._administrator.stages()
        self._opening = self._administrator.add_job(TITLE)
        self._rule = 0

    def __enter__(self) -> Self:
        """Start Evenhand, and have the administrator add the rule."""
        self._house.start(self._processes)
        self._door.open()
        self._rule = self._administrator.add_rule(f"{self._door.url}/hooks/{CONNECTION}/{self._house.capability}")
        self._say("Evenhand serves, and the automation rule stands")
        return self

    def __exit__(self, *_: object) -> None:
        """End what this made."""
        self._door.close()
        self._administrator.close()
        self._recruiter.close()

    def by_webhook(self) -> None:
        """Amara is moved; then everything that could make a double happens."""
        amara = self._administrator.add_applicant(self._opening, **AMARA)
        self._whole_job(amara, AMARA["email_from"], "by webhook")
        deliveries = self._house.traces(amara).deliveries
        self._verdict.expect(deliveries.get("webhook", 0) >= 1, "the move was heard of by the webhook")
        self._verdict.expect({status for _, _, status in self._door.passed} == {200}, "Odoo was answered 200")
        path, body, _ = self._door.passed[-1]
        stranger = f"{path.rpartition('/')[0]}/{'0' * 64}"
        self._verdict.expect(self._door.let_through(stranger, body) == 401, "another capability is refused")
        self._do_it_again(amara, path, body)

    def by_polling(self) -> None:
        """The rule is switched off; Beno is moved."""
        self._administrator.switch_off(self._rule)
        passed = len(self._door.passed)
        beno = self._administrator.add_applicant(self._opening, **BENO)
        self._whole_job(beno, BENO["email_from"], "by polling")
        deliveries = self._house.traces(beno).deliveries
        self._verdict.expect(len(self._door.passed) == passed, "no webhook came")
        self._verdict.expect(set(deliveries) == {"poll"}, "the move was found by polling")
        traces = self._house.traces(beno)
        self._verdict.expect(traces.interviews == 2, f"two people, two interviews ({traces.interviews})")
        self._verdict.expect(traces.conflicts == 0, "no value of a person was in the way")

    def _whole_job(self, applicant: int, address: str, how: str) -> None:
        contact, mails = self._administrator.contact(applicant), self._administrator.outgoing_mails()
        began = time.monotonic()
        self._recruiter.move(applicant, self._stages["First Interview"])
        link = invitation_link(self._house.ports, address)
        self._say(f"invited {how}, {time.monotonic() - began:.1f} s after the move")
        take_interview(self._house.ports, link, read_answers(None))
        self._until(applicant, lambda fields: fields[COMPLETION] == "In review", "the interview waits for review")
        self._verdict.expect(not self._administrator.shown(applicant)[BAND], "no band stands there before the review")
        decide(self._house.ports, self._house.reviewer, address)
        fields = self._until(applicant, lambda fields: bool(fields[BAND]), "the result is in Odoo")
        wait_for("the note", lambda: self._administrator.notes(applicant) or None)
        self._check_result(fields, self._administrator.notes(applicant), how)
        self._verdict.expect(self._administrator.contact(applicant) == contact, f"contact data is untouched {how}")
        sent = self._administrator.outgoing_mails() - mails
        self._verdict.expect(sent == 0, f"Odoo sent no mail because of us {how} ({sent})")

    def _check_result(self, fields: Record, notes: list[Record], how: str) -> None:
        expect = self._verdict.expect
        expect(fields[COMPLETION] == "Completed", f"{how}: completed")
        expect("evidence" in fields[BAND].lower(), f"{how}: band “{fields[BAND]}”")
        expect(0 < fields["x_interview_score"] <= 100, f"{how}: score {fields['x_interview_score']:.0f}")
        subscores = fields["x_interview_subscores"].splitlines()
        expect(len(subscores) >= 3, f"{how}: {len(subscores)} subscores")
        bullets = fields["x_interview_summary"].splitlines()
        expect(
            1 <= len(bullets) <= 3 and all("“" in one for one in bullets), f"{how}: {len(bullets)} bullets with quotes"
        )
        link = fields["x_interview_link"]
        expect(link.startswith(f"{self._house.ports.evenhand_url}/"), f"{how}: link {link.rpartition('/')[0]}/…")
        ours = [note for note in notes if fields["x_interview_audit_ref"] in note["body"]]
        expect(len(ours) == 1 == len(notes), f"{how}: one internal note, by {notes[0]['author_id'][1]}")

    def _do_it_again(self, applicant: int, path: str, body: bytes) -> None:
        """The same delivery twice more, and the same move twice more: one invitation, one note, the same values."""
        before = self._everything(applicant)
        for _ in range(2):
            self._door.let_through(path, body)
        for stage in ("Qualification", "First Interview", "Qualification", "First Interview"):
            self._recruiter.move(applicant, self._stages[stage])
        passed = len(self._door.passed)
        self._verdict.expect(passed >= 6, f"everything was delivered ({passed})")
        self._settle(applicant)
        self._verdict.expect(self._everything(applicant) == before, "moved and told again, nothing doubles")

    def _everything(self, applicant: int) -> tuple[Any, ...]:
        mails = invitation_mails(self._house)
        return (
            self._administrator.shown(applicant),
            self._administrator.notes(applicant),
            self._administrator.contact(applicant),
            self._house.traces(applicant).interviews,
            mails,
        )

    def _settle(self, applicant: int) -> None:
        """Wait until Evenhand has worked off what came in, and then a little, for what it should not do."""

        def look() -> bool | None:
            return True if self._house.traces(applicant).deliveries.get("webhook", 0) >= 5 else None

        wait_for("the deliveries of the moves", look, seconds=30)
        time.sleep(5)

    def _until(self, applicant: int, held: Callable[[Record], bool], what: str) -> Record:
        def look() -> Record | None:
            fields = self._administrator.shown(applicant)
            return fields if held(fields) else None

        fields = wait_for(what, look, seconds=120)
        self._verdict.expect(True, what)  # noqa: FBT003 - the flag is what was seen
        return fields


def invitation_mails(house: House) -> int:
    """How many mails the catcher has."""
    return len(httpx.get(f"{house.ports.mail_url}/api/messages", trust_env=False).raise_for_status().json())
