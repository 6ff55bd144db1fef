"""What became of it all, read from the final state of the ATS, the mail catcher and the database, and nothing else."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

COMPLETION = "interview_completion"
ORDER = {"Invited": 1, "Expired": 2}


class Expected(Struct, kw_only=True):
    """What one application went through. ``human`` is what a recruiter wrote into our field, and when it counts."""

    application_id: str
    email: str
    left: bool = False
    human: str | None = None


class Findings(Struct, kw_only=True):
    """The figures of the last line."""

    deliveries: int = 0
    moves: int = 0
    interviews: int = 0
    kills: int = 0
    faults: int = 0
    lost: int = 0
    doubled_invitations: int = 0
    doubled_writes: int = 0
    order_violations: int = 0
    overwritten_human_edits: int = 0

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled, disordered or overwritten."""
        bad = (
            self.lost,
            self.doubled_invitations,
            self.doubled_writes,
            self.order_violations,
            self.overwritten_human_edits,
        )
        return not any(bad)

    def line(self) -> str:
        """The last line of a run."""
        return " ".join(f"{name}={getattr(self, name)}" for name in self.__struct_fields__)


def check(
    expected: list[Expected],
    *,
    mails: list[dict[str, Any]],
    fields: Mapping[str, Mapping[str, Any]],
    activity: Mapping[str, list[dict[str, Any]]],
    interviews: Mapping[str, int],
) -> Findings:
    """Compare what was done with what is there. ``activity`` has the ATS's own log, oldest first."""
    found = Findings(moves=len(expected), interviews=sum(interviews.values()))
    invitations = Counter(mail["to"] for mail in mails if "/i/" in mail["text"])
    for one in expected:
        writes = _our_completions(activity[one.application_id])
        found.lost += _lost(one, writes, fields[one.application_id], interviews, invitations[one.email])
        found.doubled_invitations += max(0, invitations[one.email] - 1)
        found.doubled_writes += sum(count - 1 for count in Counter(writes).values())
        found.order_violations += [ORDER[value] for value in writes] != sorted(ORDER[value] for value in writes)
        found.overwritten_human_edits += (
            one.human is not None and fields[one.application_id].get(COMPLETION) != one.human
        )
    return found


def _lost(
    one: Expected, writes: list[str], fields: Mapping[str, Any], interviews: Mapping[str, int], invitations: int
) -> int:
    """1 where something that must have happened did not."""
    started = interviews.get(one.application_id, 0)
    if one.left:
        # Who left again at once may have been seen or not; what was started must have been ended.
        return int(started > 0 and one.human is None and fields.get(COMPLETION) != "Expired")
    return int(started != 1 or invitations == 0 or ("Invited" not in writes and one.human is None))


def _our_completions(activity: list[dict[str, Any]]) -> list[str]:
    return [
        line["new"]
        for line in activity
        if line["action"] == "field.changed"
        and line["subject"] in {COMPLETION, "Interview completion"}
        and line["actor"] == "Interview integration"
    ]
