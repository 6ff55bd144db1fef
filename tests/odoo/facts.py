"""What the adapter rests on, looked at in the running Odoo: where one of these changes, the simulator is wrong as well."""

import asyncio

from adapters.contract.errors import AdapterError, AuthRejected, NotFound, Refused, Unavailable
from adapters.contract.model import Visibility
from adapters.odoo.adapter import OdooAdapter
from tests.fixtures.postgres import Cluster
from tests.odoo.job import Verdict
from tests.odoo.people import Administrator, Recruiter
from tests.odoo.server import DATABASE, Keys, Server


async def check_facts(odoo: Server, cluster: Cluster, keys: Keys, verdict: Verdict) -> None:
    """Fields, entries, errors and notes as the reference says."""
    administrator, recruiter = Administrator(odoo.url, keys.admin), Recruiter(odoo.url)
    adapter = OdooAdapter(odoo.url, keys.evenhand, database=DATABASE)
    try:
        await asyncio.to_thread(administrator.add_fields)
        job = await asyncio.to_thread(administrator.add_job, "Gardener")
        one = await asyncio.to_thread(
            administrator.add_applicant, job, partner_name="Fay Fact", email_from="f@example.com"
        )
        await _entries(adapter, recruiter, one, verdict)
        await _writes(adapter, str(one), verdict)
        await _errors(odoo, cluster, keys, adapter, verdict)
        told = await adapter.inspect()
        verdict.expect(
            told.scopes == frozenset(adapter.manifest.scopes), "the user has the groups it needs and no more"
        )
        verdict.expect(told.expires_at is not None, "the end of the API key is told")
    finally:
        administrator.close()
        recruiter.close()
        await adapter.aclose()


async def _entries(adapter: OdooAdapter, recruiter: Recruiter, applicant: int, verdict: Verdict) -> None:
    seen = [(await adapter.read_application(str(applicant))).entry]
    for change in ({"kanban_state": "done"}, {"stage_id": 1}, {"priority": "2"}):
        await asyncio.to_thread(recruiter.save, applicant, **change)
        seen.append((await adapter.read_application(str(applicant))).entry)
    verdict.expect(len(set(seen)) == 1, "a kanban colour, the same stage and a star are no new entry")
    for stage in (2, 1, 2):
        await asyncio.to_thread(recruiter.move, applicant, stage)
        seen.append((await adapter.read_application(str(applicant))).entry)
    verdict.expect(len(set(seen)) == 4, "every move is a new entry, the second into one stage too")
    page = await adapter.list_changed(None)
    verdict.expect(str(applicant) in page.application_ids, "a sweep tells of the applicant")
    await asyncio.to_thread(recruiter.save, applicant, active=False)
    again = await adapter.list_changed(page.cursor)
    verdict.expect(str(applicant) in again.application_ids, "a sweep tells of who was archived")


async def _writes(adapter: OdooAdapter, applicant: str, verdict: Verdict) -> None:
    before = await adapter.read_fields(applicant)
    verdict.expect(set(before.values()) == {None}, "fields that nobody set are empty, the number too")
    for score in (0, 71.5, None, 0):
        await adapter.write_fields(applicant, {"x_interview_score": score}, expected={})
        found = (await adapter.read_fields(applicant))["x_interview_score"]
        verdict.expect(found == score and type(found) is not bool, f"a score of {score} is read as it was written")
    body = "One <b>line</b> & another\n“quoted”\n[evenhand fact]"
    note = await adapter.add_note(applicant, body, visibility=Visibility.TEAM)
    verdict.expect(note.body == body, "a note is read as it was written")
    verdict.expect((await adapter.list_notes(applicant)) == (note,), "only what was written is a note")


async def _errors(odoo: Server, cluster: Cluster, keys: Keys, adapter: OdooAdapter, verdict: Verdict) -> None:
    async def meets(wanted: type[AdapterError], words: str, one: OdooAdapter, applicant: str) -> None:
        try:
            await one.read_application(applicant)
        except AdapterError as error:
            verdict.expect(type(error) is wanted, f"{words}: {type(error).__name__}")
        else:
            verdict.expect(False, f"{words}: no error")  # noqa: FBT003 - the flag is what was seen

    await meets(NotFound, "nobody has this id", adapter, "999999")
    stranger = OdooAdapter(odoo.url, keys.evenhand[::-1], database=DATABASE)
    elsewhere = OdooAdapter(odoo.url, keys.evenhand, database="another")
    await meets(AuthRejected, "a wrong key", stranger, "1")
    await meets(Unavailable, "a wrong database", elsewhere, "1")
    await stranger.aclose()
    await elsewhere.aclose()
    try:
        await adapter._client.write_values(1, {"x_nowhere": "x"})
    except Refused as error:
        verdict.expect(error.code == "ValueError", "an unknown field is refused, though Odoo answers 500")
    except AdapterError as error:
        verdict.expect(False, f"an unknown field: {type(error).__name__}")  # noqa: FBT003 - the flag is what was seen
    await asyncio.to_thread(cluster._control, "stop", "-w", "-m", "immediate")
    await meets(Unavailable, "a stopped database", adapter, "1")
    await asyncio.to_thread(cluster._control, "start", "-w", "-t", "60", "-o", f"-p {cluster.port}")
