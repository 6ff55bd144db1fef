"""What the demo proves: the evidence file, and the checks that decide the exit status."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.db.models.account import Role
from orchestrator.db.repositories import interviews, scoring
from orchestrator.demo.ats import Profile
from orchestrator.demo.script import BAND, COMPLETION, Reviewer
from orchestrator.domain.evidence import MAX_BULLET, MAX_BULLETS
from orchestrator.domain.interview import Completion
from orchestrator.domain.result import Result
from orchestrator.domain.transcript import Speaker, Transcript
from orchestrator.main import Runtime

Evidence = dict[str, Any]


async def add_reviewer(runtime: Runtime, reviewer: Reviewer) -> None:
    """Give the scripted reviewer an account that also sees the operations page."""
    await runtime.services.accounts.create(
        email=reviewer.email, name=reviewer.name, role=Role.ADMIN, password=reviewer.password
    )


async def stored_result(runtime: Runtime) -> tuple[Transcript, Result]:
    """The transcript and the result as Evenhand stored them."""
    async with runtime.database.reading() as session:
        row = await scoring.only_result(session)
        return await interviews.transcript(session, row.interview_id), row.result


def evidence(
    *,
    before: Profile,
    in_review: Profile,
    after: Profile,
    transcript: Transcript,
    result: Result,
    timings: Mapping[str, float],
) -> Evidence:
    """The evidence file. Completion and band are taken from the ATS, not from us."""
    return {
        "ats_before": before,
        "ats_in_review": in_review,
        "ats_after": after,
        "transcript": [{"speaker": turn.speaker.value, "text": turn.text} for turn in transcript.turns],
        "result": {
            "completion": after["custom_fields"].get(COMPLETION),
            "band": after["custom_fields"].get(BAND),
            "subscores": {subscore.competency: subscore.level for subscore in result.subscores},
            "bullets": [{"text": b.text, "quote": b.quote, "turn": b.turn} for b in result.bullets],
            "link": result.link,
            "audit_ref": result.audit_ref,
        },
        "timings_ms": {name: round(seconds * 1000) for name, seconds in timings.items()},
    }


def problems(proof: Evidence, result: Result, transcript: Transcript) -> Iterator[str]:
    """Everything that is not as promised; nothing means that the main job worked."""
    before, in_review, after = proof["ats_before"], proof["ats_in_review"], proof["ats_after"]
    if not before["candidate"] == in_review["candidate"] == after["candidate"]:
        yield "contact data changed"
    for name, profile in (("before", before), ("in review", in_review)):
        if profile["custom_fields"].get(BAND):
            yield f"a band stood in the ATS {name}"
    if in_review["custom_fields"].get(COMPLETION) != Completion.IN_REVIEW:
        yield "completion was not 'In review' while a person had to decide"
    if proof["result"]["completion"] != Completion.COMPLETED:
        yield "completion is not 'Completed' at the end"
    if proof["result"]["band"] != result.band_label:
        yield "the band in the ATS is not the one that was decided"
    yield from _bullet_problems(proof, result, transcript)


def _bullet_problems(proof: Evidence, result: Result, transcript: Transcript) -> Iterator[str]:
    rated = any(subscore.level is not None for subscore in result.subscores)
    if not (int(rated) <= len(result.bullets) <= MAX_BULLETS):
        yield f"there are {len(result.bullets)} bullets"
    shown = "\n".join(str(value) for value in proof["ats_after"]["custom_fields"].values())
    noted = "\n".join(note["body"] for note in proof["ats_after"]["notes"])
    for bullet in result.bullets:
        turn = transcript.turns[bullet.turn]
        if turn.speaker is not Speaker.CANDIDATE or bullet.quote not in turn.text or bullet.quote not in bullet.text:
            yield f"a quote is not in the transcript: {bullet.quote!r}"
        if len(bullet.text) > MAX_BULLET:
            yield "a bullet is longer than 250 characters"
        if bullet.text not in shown or bullet.text not in noted:
            yield f"the ATS does not show the bullet {bullet.text!r}"
    if result.link not in shown or result.audit_ref not in shown:
        yield "link or audit reference are not in the ATS"
