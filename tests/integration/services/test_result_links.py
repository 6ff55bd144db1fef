"""Result links in a whole house: what they show and to whom, how long they live, and what ends them."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from orchestrator.config.schema import ResultLinks as Settings
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.result_link import ResultLinkRow
from orchestrator.db.models.scoring import ResultRow
from orchestrator.db.repositories.retention import forget_words
from orchestrator.domain.interview import Completion, InterviewState
from orchestrator.errors import InputInvalid, Missing
from orchestrator.services.connections import Connections
from orchestrator.services.links import LinkMaker
from orchestrator.services.result_links import LinkState
from tests.fixtures.house import REVIEWER, House
from tests.integration.services.people import (
    ANSWERS,
    Candidate,
    Colleague,
    Newcomer,
    fresh_sqlite,
    in_review,
    interview_of,
    move_to,
    newcomer,
)
from tests.integration.services.result_links import (
    DAYS,
    events,
    finished,
    house_with_links,
    issued,
    other,
    page,
    reference,
    with_settings,
    words_of,
)
from tests.integration.services.rows import clock_moved, holders

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNKNOWN = "U" * 43
SIGN_IN = {"email": REVIEWER.email, "password": REVIEWER.password}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that the tests of this module share, each with a newcomer of its own; its connection asks for links."""
    folder = tmp_path_factory.mktemp("links")
    async with house_with_links(fresh_sqlite(sqlite_template, folder), folder) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def robin(house: House) -> AsyncIterator[Colleague]:
    """A reviewer who is signed in."""
    with Colleague(house) as colleague:
        await colleague.sign_in()
        yield colleague


@dataclass(frozen=True)
class Done:
    """Somebody whose result is final."""

    application: Newcomer
    link: str
    reference: str

    @property
    def token(self) -> str:
        """The token of the link."""
        return self.link.rpartition("/")[2]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def done(house: House, robin: Colleague) -> Done:
    """For tests that leave the link as it is."""
    application = await newcomer(house)
    link = await finished(house, robin, application)
    return Done(application, link, await reference(house, application))


async def test_the_page_says_what_was_written_back_and_no_more(house: House, robin: Colleague) -> None:
    """Before the band is released only that; then band, subscores, bullets and reference as the ATS has them. No name, no
    address, nothing else that the candidate said, no number.
    """
    application = await newcomer(house)
    case = await in_review(house, application)
    link = await issued(house, application)
    before = words_of(await page(house, link))
    assert "In review" in before
    assert " of 5" not in before
    assert "evidence" not in before.casefold()

    await robin.send(f"/review/{case}", "/decision")
    await house.until_field(application.id, "interview_completion", "Completed")
    shown = words_of(await page(house, link))
    written = {
        key: str(await house.field(application.id, f"interview_{key}"))
        for key in ("band", "summary", "subscores", "audit_ref", "completion", "score")
    }
    quotes = written["summary"].replace("• ", "").splitlines()
    for words in [*quotes, written["band"], written["audit_ref"], written["completion"]]:
        assert words in shown
    for line in written["subscores"].splitlines():
        name, _, level = line.partition(": ")
        assert f"{name} {level}" in shown
    said = " ".join(quotes)
    unsaid = [part for answer in ANSWERS for part in answer.split(". ") if part not in said]
    assert len(unsaid) > 5
    job = (await house.sandbox.application(application.id))["job"]["title"]
    for words in ["Wren", "Newcomer", application.email, "900999", job, *unsaid]:
        assert words not in shown
        assert words not in before
    assert written["score"] not in shown.split()


async def test_nobody_keeps_the_page_or_finds_it(house: House, done: Done) -> None:
    """Not in a cache, not in a search, and its address goes nowhere; neither token nor link stands in any table."""
    answers = [await page(house, address) for address in (done.link, f"{house.url}/r/{UNKNOWN}")]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow, noarchive"
        assert '<meta name="robots" content="noindex, nofollow">' in answer.text
    assert done.token not in answers[0].text
    assert await holders(house.runtime.database, done.token) == set()
    links = LinkMaker(base_url=house.url, secret_key=house.environment["EVENHAND_SECRET_KEY"])
    kept = await holders(house.runtime.database, links.result_fingerprint(done.token))
    assert kept == {"result_link.token_hash"}


async def test_every_dead_link_looks_the_same(house: House, robin: Colleague) -> None:
    """Unknown, malformed, a candidate's, expired, without its result, revoked: one page. What was once good is logged.

    Retention takes the quotes away before.
    """
    application = await newcomer(house)
    link = await finished(house, robin, application)
    interview = await interview_of(house, application)
    maker = LinkMaker(base_url=house.url, secret_key=house.environment["EVENHAND_SECRET_KEY"])
    unknown = await page(house, f"{house.url}/r/{UNKNOWN}")
    assert (unknown.status_code, "This link shows no result" in unknown.text) == (404, True)
    for token in ("a", "%00" * 43, "é" * 43, maker.token(interview.id, 1)):
        assert (await page(house, f"{house.url}/r/{token}")).text == unknown.text

    async with house.runtime.database.transaction() as tx:
        await forget_words(tx.session, interview.id)
    forgotten = words_of(await page(house, link))
    assert await reference(house, application) in forgotten
    assert "“" not in forgotten
    dead: list[httpx.Response] = []
    with clock_moved(house, days=DAYS - 1):
        assert (await page(house, link)).status_code == 200
    async with house.runtime.database.transaction() as tx:
        await tx.session.execute(sa.delete(ResultRow).where(ResultRow.interview_id == interview.id))
    dead.append(await page(house, link))
    with clock_moved(house, days=DAYS, seconds=1):
        dead.append(await page(house, link))
    result_links = house.runtime.services.result_links
    newest = (await result_links.listed(connection="sandbox", limit=1))[0]
    await result_links.revoke(str(newest.id), reason="It was posted.", actor="cli")
    with clock_moved(house, days=DAYS, hours=2):
        dead.append(await page(house, link))
    assert [(answer.status_code, answer.text) for answer in dead] == [(404, unknown.text)] * 3
    refusals = [event.details["reason"] for event in await events(house, application, "refused")]
    assert refusals == ["deleted", "expired", "revoked"]
    answer = await page(house, link, accept="application/json")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_every_view_is_logged_without_who_or_token(house: House, done: Done) -> None:
    """One event for each view, with what was shown; strangers who guess write nothing."""
    before = len(await events(house, done.application, "viewed"))
    for _ in range(2):
        await page(house, done.link)
    async with house.runtime.database.reading() as session:
        length = await session.scalar(sa.select(sa.func.max(AuditRow.sequence)))
    await page(house, f"{house.url}/r/{UNKNOWN}")
    [one, two] = (await events(house, done.application, "viewed"))[before:]
    assert (one.actor, one.tag) == ("visitor", "visitor:result-link:viewed")
    assert {key: one.details[key] for key in ("completion", "released")} == {
        "completion": "Completed",
        "released": True,
    }
    assert one.details == two.details
    async with house.runtime.database.reading() as session:
        assert await session.scalar(sa.select(sa.func.max(AuditRow.sequence))) == length


async def test_who_is_signed_in_goes_on_to_the_whole_result(house: House, robin: Colleague) -> None:
    """At once, also from a dead link; others get there by signing in."""
    application = await newcomer(house)
    link = await finished(house, robin, application)
    path, whole = link.removeprefix(house.url), f"/results/{await reference(house, application)}"
    assert f'href="/sign-in?next={whole}"' in (await page(house, link)).text
    with Colleague(house) as newly:
        signed_in = await newly.send(f"/sign-in?next={whole}", "/sign-in", SIGN_IN)
        assert (signed_in.status, signed_in.url) == (200, f"{house.url}{whole}")
    assert (await robin.open(path)).url == f"{house.url}{whole}"
    await robin.send(whole, "/link/revoke", {"reason": "It was passed on."})
    assert (await robin.open(path)).url == f"{house.url}{whole}"
    assert (await page(house, link)).status_code == 404
    assert "It was revoked" in (await robin.open(whole)).text("main")
    [event] = await events(house, application, "revoked")
    assert event.details["reason"] == "It was passed on."
    assert event.actor.startswith("account:")


async def test_a_link_is_told_again_as_it_is(house: House) -> None:
    """The same link with its whole time before it, once a day at most in the log; never again once it was revoked."""
    result_links, connection = house.runtime.services.result_links, house.runtime.connections.get("sandbox")
    application = await newcomer(house)
    await house.invite(application.id)
    link, interview = await issued(house, application), await interview_of(house, application)
    with clock_moved(house, hours=23):
        assert await issued(house, application) == link
    assert await events(house, application, "renewed") == []
    with clock_moved(house, days=DAYS - 1):
        assert await issued(house, application) == link
    with clock_moved(house, days=2 * DAYS - 2):
        assert (await page(house, link)).status_code == 200
    assert len(await events(house, application, "renewed")) == 1
    assert len(await events(house, application, "issued")) == 1
    async with house.runtime.database.reading() as session:
        assert await result_links.living(session, interview.id, connection) == link
    newest = (await result_links.listed(connection="sandbox", limit=1))[0]
    for _ in range(2):
        await result_links.revoke(str(newest.id), reason="Enough.", actor="cli")
    assert await result_links.issue(interview.id, connection) is None
    async with house.runtime.database.reading() as session:
        assert await result_links.living(session, interview.id, connection) is None
    assert len(await events(house, application, "revoked")) == 1


async def test_links_are_given_only_where_they_are_asked_for(house: House, done: Done) -> None:
    """The sandbox needs none. Where the file does not say yes any more, or has no such connection, those given out end."""
    interview = await interview_of(house, done.application)
    silent, refusing = with_settings(house, Settings()), with_settings(house, Settings(reachable=False))
    for connections in (silent, refusing, Connections([])):
        service = other(house, connections=connections)
        item = await service.of_result(done.reference)
        assert item is not None
        assert item.state is LinkState.CLOSED
        with pytest.raises(Missing):
            await service.view(done.token)
    for connections in (silent, refusing):
        assert await other(house).issue(interview.id, connections.get("sandbox")) is None
    assert (await page(house, done.link)).status_code == 200
    assert await house.runtime.services.result_links.of_result("EH-UNKNOWN") is None


async def test_another_secret_key_ends_every_link(house: House) -> None:
    """The old token opens nothing under the new key; what is told afterwards carries a new one, and both are revoked at once."""
    application = await newcomer(house)
    await house.invite(application.id)
    link, interview = await issued(house, application), await interview_of(house, application)
    later = other(house, secret_key="another key that is long enough, for the tests")
    with pytest.raises(Missing):
        await later.view(link.rpartition("/")[2])
    new = await later.issue(interview.id, house.runtime.connections.get("sandbox"))
    assert new is not None
    assert new != link
    assert (await later.view(new.rpartition("/")[2])).completion is Completion.INVITED
    newest = (await later.listed(connection="sandbox", limit=1))[0]
    await later.revoke(str(newest.id), reason="Both of them.", actor="cli")
    for service, told in ((later, new), (house.runtime.services.result_links, link)):
        with pytest.raises(Missing):
            await service.view(told.rpartition("/")[2])


async def test_a_newer_interview_takes_the_place_of_an_older_one(house: House, robin: Colleague) -> None:
    """The older link says so and shows nothing of the older result; a cancelled one takes nobody's place."""
    application = await newcomer(house)
    link = await finished(house, robin, application)
    older = await reference(house, application)
    await move_to(house, application, "Applied")
    await house.invite(application.id)
    newer = await page(house, link)
    assert "A newer interview has taken the place of this one" in newer.text
    for words in (older, "Completed", " of 5", "Invited"):
        assert words not in newer.text.replace(f"next=/results/{older}", "")
    await move_to(house, application, "Applied")
    await house.until_field(application.id, "interview_completion", "Expired")
    assert older in (await page(house, link)).text


async def test_the_page_does_not_say_who_asked_for_an_alternative(house: House, robin: Colleague) -> None:
    """Whoever has the link learns that the interview runs, or that there is no score, and not why."""
    application = await newcomer(house)
    with Candidate(await house.invite(application.id)) as candidate:
        await candidate.begin()
        await candidate.ask("person", "I would rather talk to somebody.")
    link = await issued(house, application)
    assert "In progress" in (await page(house, link)).text
    await house.until_field(application.id, "interview_completion", "Alternative requested")
    text = (await page(house, link)).text
    assert "In progress" in text
    assert "lternative" not in text
    assert (
        f'href="/sign-in?next=/operations/applications/{(await interview_of(house, application)).application_id}"'
        in text
    )
    assert (await robin.open(link.removeprefix(house.url))).status == 200


async def test_no_state_but_the_final_one_shows_a_band(house: House, done: Done) -> None:
    """Even where a result stands in the database already."""
    interview = await interview_of(house, done.application)
    statement = sa.update(InterviewRow).where(InterviewRow.id == interview.id)
    for state in (*(one for one in InterviewState if one is not InterviewState.FINAL), InterviewState.FINAL):
        async with house.runtime.database.transaction() as tx:
            await tx.session.execute(statement.values(state=state))
        shown = await house.runtime.services.result_links.view(done.token)
        released = state is InterviewState.FINAL
        found = [bool(part) for part in (shown.band_label, shown.audit_ref, shown.subscores, shown.bullets)]
        assert found == [released] * 4, state
        assert shown.completion is not Completion.ALTERNATIVE_REQUESTED


async def test_revoking_needs_a_reason_and_a_link(house: House, done: Done) -> None:
    """A reference that nothing has, an id that is none, an empty reason: refused, and the link lives."""
    result_links = house.runtime.services.result_links
    with pytest.raises(InputInvalid):
        await result_links.revoke(done.reference, reason=" ", actor="cli")
    for name in ("EH-UNKNOWN", str(uuid.uuid4())):
        with pytest.raises(Missing):
            await result_links.revoke(name, reason="Because.", actor="cli")
    assert (await page(house, done.link)).status_code == 200
    [item] = [one for one in await result_links.listed() if one.audit_ref == done.reference]
    assert item.state is LinkState.OPEN
    assert item.expires_at - item.issued_at == timedelta(days=DAYS)
    assert await result_links.listed(connection="another") == ()


async def test_a_link_goes_with_its_interview(house: House) -> None:
    """Erasure needs not know of it."""
    [key] = ResultLinkRow.__table__.foreign_keys
    assert (key.column.table.name, key.ondelete) == ("interview", "CASCADE")
    statement = sa.text("SELECT \"on_delete\" FROM pragma_foreign_key_list('result_link')")
    async with house.runtime.database.reading() as session:
        assert (await session.execute(statement)).scalars().all() == ["CASCADE"]
