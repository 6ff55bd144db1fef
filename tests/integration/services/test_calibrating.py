"""Calibration sessions: nobody sees anybody before the reveal, nothing changes after the end, all of it is in the chain."""

import asyncio
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from orchestrator.db.models.audit import AuditRow
from orchestrator.db.repositories.audit import verify_chain
from orchestrator.db.session import Database
from orchestrator.domain.calibration import Rating, SessionState
from orchestrator.errors import Forbidden, InputInvalid, Missing, Stale
from orchestrator.services.calibration.calibrating import Calibrating
from orchestrator.services.calibration.views import ItemKind, NewSession
from tests.fixtures.house import MovableClock
from tests.integration.services.calibration_team import (
    ADA,
    BEN,
    COMPETENCIES,
    DIGEST,
    EVE,
    GOLD,
    LIBRARY,
    all_at,
    rate_all,
    session_of,
    staffed,
)


@pytest.fixture
async def calibrating(database: Database) -> Calibrating:
    """The service on a database of each kind, with three colleagues."""
    return await staffed(database)


@pytest.fixture
async def on_sqlite(sqlite_database: Database) -> Calibrating:
    """The same on SQLite alone, where no lock matters."""
    return await staffed(sqlite_database)


async def tags(database: Database) -> list[str]:
    async with database.reading() as session:
        return [row.tag for row in await session.scalars(sa.select(AuditRow).order_by(AuditRow.sequence))]


async def test_a_session_from_its_making_to_its_end(database: Database, calibrating: Calibrating) -> None:
    """Rated by two, revealed with the second word, talked about, closed; the chain tells every step and names nobody."""
    session_id = await session_of(calibrating, ADA, BEN)
    await calibrating.rate(session_id, 1, {COMPETENCIES[0]: Rating(2, "Only one try.")}, actor=ADA)
    await calibrating.rate(session_id, 1, {COMPETENCIES[0]: Rating(3, "Two tries.")}, actor=ADA)
    await rate_all(calibrating, session_id, ADA, 3)
    assert (await calibrating.session(session_id, viewer=ADA)).state is SessionState.RATING
    await rate_all(calibrating, session_id, BEN, 4)
    view = await calibrating.session(session_id, viewer=EVE)
    assert view.state is SessionState.REVEALED
    assert len(view.differences) == len(COMPETENCIES) * 2
    await calibrating.agree(session_id, 1, {COMPETENCIES[0]: Rating(3, "The second try counts.")}, actor=EVE)
    await calibrating.agree(session_id, 1, {COMPETENCIES[0]: Rating(4, "And the third.")}, actor=BEN)
    await calibrating.close(session_id, actor=EVE)
    item = await calibrating.item(session_id, 1, viewer=ADA)
    assert item.competencies[0].agreed == Rating(4, "And the third.")
    first = [(one.who, one.rating.level) for one in item.competencies[0].given]
    assert first[:2] == [("Ada", 3), ("Ben", 4)]
    assert first[2][0] == "Known level"
    report = await calibrating.report(session_id)
    assert [one.name for one in report.raters] == ["Ada", "Ben"]
    assert report.raters[0].severity is not None
    assert report.raters[0].severity.value == -1
    told = await tags(database)
    steps = ["made", "rated", "handed_in", "revealed", "agreed", "closed"]
    assert [tag for tag in dict.fromkeys(told) if tag.startswith("account:calibration:")] == [
        f"account:calibration:{step}" for step in steps
    ]
    async with database.reading() as session:
        details = " ".join(str(row.event) for row in await session.scalars(sa.select(AuditRow)))
        assert await verify_chain(session)
    assert not any(word in details for word in ("Ada", "Ben", "team.example", "third", "Practice"))


async def test_before_the_reveal_everybody_is_alone(on_sqlite: Calibrating) -> None:
    """A rater sees their own ratings only, and not what is gold; others see no item; there is no report."""
    session_id = await session_of(on_sqlite, ADA, BEN)
    await on_sqlite.rate(session_id, 1, all_at(5), actor=BEN)
    await on_sqlite.rate(session_id, 1, {COMPETENCIES[1]: Rating(2, "My own.")}, actor=ADA)
    item = await on_sqlite.item(session_id, 1, viewer=ADA)
    assert [one.mine for one in item.competencies] == [None, Rating(2, "My own."), None, None, None]
    assert [one.given for one in item.competencies] == [()] * 5
    assert (item.kind, item.title) == (ItemKind.BLIND, "Item 1")
    view = await on_sqlite.session(session_id, viewer=ADA)
    assert view.differences == ()
    assert {one.kind for one in view.items} == {ItemKind.BLIND}
    assert [one.title for one in view.items] == ["Item 1", "Item 2"]
    assert [one.rated for one in view.items] == [1, 0]
    with pytest.raises(Forbidden):
        await on_sqlite.item(session_id, 1, viewer=EVE)
    with pytest.raises(Missing):
        await on_sqlite.report(session_id)
    with pytest.raises(Stale):
        await on_sqlite.agree(session_id, 1, all_at(3), actor=EVE)
    with pytest.raises(Stale):
        await on_sqlite.close(session_id, actor=EVE)


async def test_handing_in_needs_every_rating_and_is_final(on_sqlite: Calibrating) -> None:
    """What is missing is named; afterwards nothing can be rated again; a stranger cannot rate at all."""
    session_id = await session_of(on_sqlite, ADA, BEN)
    await on_sqlite.rate(session_id, 1, all_at(None), actor=ADA)
    await on_sqlite.rate(session_id, 2, {COMPETENCIES[0]: Rating(1)}, actor=ADA)
    with pytest.raises(InputInvalid, match="item 2"):
        await on_sqlite.hand_in(session_id, actor=ADA)
    [line] = await on_sqlite.sessions(viewer=ADA)
    assert (line.to_rate, line.handed_in, line.raters, line.items) == (1, 0, 2, 2)
    await on_sqlite.rate(session_id, 2, all_at(2), actor=ADA)
    await on_sqlite.hand_in(session_id, actor=ADA)
    [line] = await on_sqlite.sessions(viewer=ADA)
    assert (line.to_rate, line.handed_in) == (None, 1)
    for attempt in (on_sqlite.rate(session_id, 1, all_at(5), actor=ADA), on_sqlite.hand_in(session_id, actor=ADA)):
        with pytest.raises(Stale):
            await attempt
    with pytest.raises(Forbidden):
        await on_sqlite.rate(session_id, 1, all_at(5), actor=EVE)
    with pytest.raises(Forbidden):
        await on_sqlite.hand_in(session_id, actor=EVE)


async def test_an_early_reveal_ends_the_rating(on_sqlite: Calibrating) -> None:
    """Not while nobody rated; then what there is counts, and who was late cannot rate any more."""
    session_id = await session_of(on_sqlite, ADA, BEN)
    with pytest.raises(InputInvalid, match="Nobody has rated"):
        await on_sqlite.reveal(session_id, actor=EVE)
    await on_sqlite.rate(session_id, 1, all_at(4), actor=ADA)
    await on_sqlite.reveal(session_id, actor=EVE)
    with pytest.raises(Stale):
        await on_sqlite.reveal(session_id, actor=EVE)
    with pytest.raises(Stale):
        await on_sqlite.rate(session_id, 1, all_at(4), actor=BEN)
    report = await on_sqlite.report(session_id)
    assert [(one.name, one.rated, one.handed_in) for one in report.raters] == [("Ada", 5, False), ("Ben", 0, False)]


async def test_nothing_changes_after_the_end(on_sqlite: Calibrating) -> None:
    """Neither agreed levels nor the state."""
    session_id = await session_of(on_sqlite, ADA, gold=GOLD[:1])
    await rate_all(on_sqlite, session_id, ADA, 3)
    await on_sqlite.close(session_id, actor=EVE)
    for attempt in (on_sqlite.close(session_id, actor=EVE), on_sqlite.agree(session_id, 1, all_at(3), actor=EVE)):
        with pytest.raises(Stale, match="closed"):
            await attempt


async def test_two_last_words_at_once_reveal_once(database: Database, calibrating: Calibrating) -> None:
    """Whoever comes second finds the first, on either database."""
    session_id = await session_of(calibrating, ADA, BEN)
    for rater in (ADA, BEN):
        for position in (1, 2):
            await calibrating.rate(session_id, position, all_at(3), actor=rater)
    await asyncio.gather(*(calibrating.hand_in(session_id, actor=rater) for rater in (ADA, BEN)))
    assert (await calibrating.session(session_id, viewer=ADA)).state is SessionState.REVEALED
    assert (await tags(database)).count("account:calibration:revealed") == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"gold": ()}, "chosen"),
        ({"gold": ("no-such-item",)}, "chosen"),
        ({"raters": ()}, "raters"),
        ({"raters": (uuid.UUID(int=99),)}, "raters"),
        ({"interviews": (uuid.UUID(int=99),)}, "raters"),
        ({"interviews": (uuid.UUID(int=99),), "raters": (ADA.id, BEN.id)}, "interviews"),
        ({"rubric": "unknown"}, "rubric"),
    ],
)
async def test_a_session_is_made_of_what_is_there(
    on_sqlite: Calibrating, changes: dict[str, object], field: str
) -> None:
    """What is missing or gone is said by its field, and no session is made."""
    facts: dict[str, object] = {"title": "Practice", "rubric": DIGEST, "gold": GOLD[:1], "raters": (ADA.id,)}
    with pytest.raises(InputInvalid) as refused:
        await on_sqlite.make(NewSession(**{**facts, **changes}), actor=EVE)  # type: ignore[arg-type] # values by name
    assert field in refused.value.fields
    assert await on_sqlite.sessions(viewer=EVE) == ()


async def test_unknown_levels_and_competencies_are_refused(on_sqlite: Calibrating) -> None:
    """Nothing of such a form is kept."""
    session_id = await session_of(on_sqlite, ADA)
    for ratings in ({COMPETENCIES[0]: Rating(6)}, {"courage": Rating(3)}, {COMPETENCIES[0]: Rating(0)}):
        with pytest.raises(InputInvalid):
            await on_sqlite.rate(session_id, 1, {COMPETENCIES[1]: Rating(3), **ratings}, actor=ADA)
    assert [one.mine for one in (await on_sqlite.item(session_id, 1, viewer=ADA)).competencies] == [None] * 5


async def test_what_is_not_there_is_missing(on_sqlite: Calibrating) -> None:
    """Sessions, items and rubrics."""
    session_id = await session_of(on_sqlite, ADA)
    attempts = (
        on_sqlite.session(uuid.UUID(int=5), viewer=ADA),
        on_sqlite.item(session_id, 9, viewer=ADA),
        on_sqlite.rate(session_id, 0, all_at(3), actor=ADA),
        on_sqlite.choices("unknown"),
        on_sqlite.report(uuid.UUID(int=5)),
    )
    for attempt in attempts:
        with pytest.raises(Missing):
            await attempt


async def test_the_order_of_items_is_mixed(on_sqlite: Calibrating) -> None:
    """Sessions over the same items do not have them in the same order, or the first would always be the same gold."""
    orders = set()
    for _ in range(8):
        session_id = await session_of(on_sqlite, ADA, gold=GOLD)
        await on_sqlite.rate(session_id, 1, all_at(3), actor=ADA)
        await on_sqlite.reveal(session_id, actor=EVE)
        orders.add(tuple(item.title for item in (await on_sqlite.session(session_id, viewer=ADA)).items))
    assert len(orders) > 1


async def test_severity_is_followed_from_session_to_session(sqlite_database: Database) -> None:
    """The report of the later session holds the earlier one's; the earlier report does not change by it."""
    clock = MovableClock()
    calibrating = await staffed(sqlite_database, clock)
    sessions = []
    for level in (2, 5):
        session_id = await session_of(calibrating, ADA, BEN, gold=GOLD)
        await rate_all(calibrating, session_id, ADA, 3)
        await rate_all(calibrating, session_id, BEN, level)
        sessions.append(session_id)
        clock.ahead += timedelta(days=30)
    first, second = [await calibrating.report(session_id) for session_id in sessions]
    assert [len(one.drift) for one in first.raters] == [1, 1]
    assert [[past.mean.value for past in one.drift] for one in second.raters] == [[1, -2], [-1, 2]]
    assert [one.drifted for one in second.raters] == [True, True]


async def test_choices_name_rubrics_gold_and_colleagues(on_sqlite: Calibrating) -> None:
    """Without a rubric only rubrics; with one its gold and everybody who may rate."""
    bare = await on_sqlite.choices("")
    assert {one.title for one in bare.rubrics} == {rubric.title for rubric in LIBRARY.values()}
    assert (bare.chosen, bare.gold, bare.accounts) == (None, (), ())
    view = await on_sqlite.choices(DIGEST)
    assert view.chosen is not None
    assert {one.key for one in view.gold} == set(GOLD)
    assert [one.label for one in view.accounts] == ["Ada", "Ben", "Eve"]
    assert view.interviews == ()


async def test_the_list_asks_as_little_for_many_sessions_as_for_one(sqlite_database: Database) -> None:
    """As many statements whatever their number, the newest first, each with its own items, raters and ratings."""
    clock = MovableClock()
    calibrating = await staffed(sqlite_database, clock)
    asked: list[str] = []
    # Readers have an engine of their own.
    engines = {sqlite_database.engine, sqlite_database._reader}
    for engine in engines:
        sa.event.listen(engine.sync_engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    async def listed() -> tuple[list[tuple[int, int, int | None]], int]:
        asked.clear()
        lines = await calibrating.sessions(viewer=ADA)
        return [(line.items, line.raters, line.to_rate) for line in lines], len(asked)

    await calibrating.rate(await session_of(calibrating, ADA, BEN), 1, all_at(3), actor=ADA)
    first, few = await listed()
    for items, raters in ((1, (ADA,)), (3, (BEN, EVE)), (4, (ADA, BEN, EVE))):
        clock.ahead += timedelta(days=1)
        await session_of(calibrating, *raters, gold=GOLD[:items])
    all_of_them, many = await listed()
    assert first == [(2, 2, 1)]
    assert all_of_them == [(4, 3, 4), (3, 2, None), (1, 1, 1), (2, 2, 1)]
    assert 0 < many == few
