"""Who gets in: one answer to every failing sign-in, sessions that end, and no secret at rest in any table."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from argon2 import PasswordHasher, Type, extract_parameters

from orchestrator.db.models.account import AccountRow, Role, SessionRow
from orchestrator.demo.script import Reviewer
from orchestrator.errors import InputInvalid
from orchestrator.services.links import LinkMaker, token_hash
from tests.fixtures.house import REVIEWER, House, running_house
from tests.integration.services.people import ROOMY, Colleague, fresh_sqlite, in_review, newcomer, newest_link
from tests.integration.services.rows import clock_moved, count, holders, settled

pytestmark = pytest.mark.asyncio(loop_scope="module")
KIM = Reviewer("kim@northwind-outdoor.example", "Kim Recruiter", "another-long-password")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that the tests of this module share. Sign-ins are limited, so the tests are sparing with them."""
    folder = tmp_path_factory.mktemp("accounts")
    url = fresh_sqlite(sqlite_template, folder)
    async with running_house(url, folder, changes=(ROOMY,), own_hasher=True) as running:
        yield running


async def test_signing_in_and_out(house: House) -> None:
    """A page behind the door leads to the form, the form leads back, and signing out ends the session on the server."""
    with Colleague(house) as robin:
        assert (await robin.open("/review")).status in {200, 401}
        page = await robin.sign_in()
        assert (page.status, page.url) == (200, f"{house.url}/review")
        token = robin.session
        assert token is not None
        async with house.runtime.database.reading() as session:
            assert await session.get(SessionRow, token_hash(token)) is not None
        out = await robin.send_from(page, "/sign-out")
        assert out.url.endswith("/sign-in")
        assert await house.runtime.services.accounts.account(token) is None
        assert not (await robin.open("/review")).has_form("/sign-out")


async def test_every_failing_sign_in_looks_the_same(house: House) -> None:
    """Wrong password, unknown address, disabled account: the same page; and disabling ends what was open."""
    await house.runtime.services.accounts.create(
        email=KIM.email, name=KIM.name, role=Role.RECRUITER, password=KIM.password
    )
    with Colleague(house, KIM) as kim:
        await kim.sign_in()
        assert (await kim.open("/review")).heading == "Review queue"
        async with house.runtime.database.transaction() as tx:
            await tx.session.execute(
                sa.update(AccountRow).where(AccountRow.email == KIM.email).values(disabled_at=house.clock.now())
            )
        assert not (await kim.open("/review")).has_form("/sign-out")
    said = set()
    for account in (
        Reviewer(REVIEWER.email, "", "not-the-password-at-all"),
        Reviewer("nobody@northwind-outdoor.example", "", KIM.password),
        KIM,
    ):
        with Colleague(house, account) as stranger:
            page = await stranger.sign_in()
            assert page.status == 422
            assert stranger.session is None
            said.add(page.text("main"))
    assert len(said) == 1


async def test_a_session_ends_by_itself(house: House) -> None:
    """Twelve hours after the sign-in, whatever was done meanwhile."""
    with Colleague(house) as robin:
        await robin.sign_in()
        with clock_moved(house, hours=11, minutes=59):
            assert (await robin.open("/review")).has_form("/sign-out")
        with clock_moved(house, hours=12, seconds=1):
            assert not (await robin.open("/review")).has_form("/sign-out")


async def test_accounts_are_made_with_care(house: House) -> None:
    """Short passwords and taken addresses are refused, whatever their case; passwords are hashed with argon2id."""
    accounts = house.runtime.services.accounts
    with pytest.raises(InputInvalid, match="at least 12"):
        await accounts.create(email="new@northwind-outdoor.example", name="New", role=Role.ADMIN, password="short")
    with pytest.raises(InputInvalid, match="There is an account"):
        await accounts.create(
            email=f" {REVIEWER.email.upper()} ", name="Robin", role=Role.ADMIN, password="long-enough-password"
        )
    async with house.runtime.database.reading() as session:
        row = (await session.scalars(sa.select(AccountRow).where(AccountRow.email == REVIEWER.email))).one()
    used = extract_parameters(row.password_hash)
    assert used.type is Type.ID
    # Not less than what the library's authors advise.
    assert not PasswordHasher().check_needs_rehash(row.password_hash), used
    assert PasswordHasher().verify(row.password_hash, REVIEWER.password)


async def test_no_secret_is_at_rest(house: House) -> None:
    """After a whole interview no table has a password, a session, a link, a key or a signing secret as it is."""
    application = await newcomer(house)
    case = await in_review(house, application)
    with Colleague(house) as robin:
        await robin.sign_in()
        await robin.send(f"/review/{case}", "/decision")
        await house.until_field(application.id, "interview_completion", "Completed")
        await settled(house)
        link_token = newest_link(house, application).rpartition("/")[2]
        session_token = robin.session or ""
        assert await count(house.runtime.database, "SELECT count(*) FROM account_session") > 0
        secrets = {
            "password": REVIEWER.password,
            "session": session_token,
            "link": link_token,
            **{name: value for name, value in house.environment.items() if "SECRET" in name or "API_KEY" in name},
        }
        assert len(secrets) == 6
        for name, value in secrets.items():
            assert len(value) > 11, name
            assert await holders(house.runtime.database, value) == set(), name
        # The search itself works: what stands for the secrets is found.
        links = LinkMaker(base_url=house.url, secret_key=house.environment["EVENHAND_SECRET_KEY"])
        assert await holders(house.runtime.database, links.fingerprint(link_token)) == {"interview_link.token_hash"}
        assert await holders(house.runtime.database, token_hash(session_token)) == {"account_session.token_hash"}
