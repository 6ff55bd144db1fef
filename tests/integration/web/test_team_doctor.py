"""The doctor's page: for administrators, on demand, with everything that a finding says."""

from html import unescape

from tests.fixtures.doctor_report import FINDINGS, report
from tests.fixtures.fake_team_services import ADMIN, FakeDoctor, FakeTeamServices
from tests.integration.web.team_browsing import browsing

PATH = "/operations/doctor"


async def test_nothing_is_asked_before_somebody_says_so() -> None:
    """Opening the page looks at nothing; the button does, in the administrator's name without an address."""
    async with browsing("admin") as browser:
        page = await browser.get(PATH)
        assert (page.status_code, browser.services.doctor.asked) == (200, [])
        assert "Look now" in page.text
        answer = await browser.post(PATH)
        assert answer.status_code == 200
        assert browser.services.doctor.asked == [(f"account:{ADMIN.id}", None)]


async def test_every_finding_is_told_whole() -> None:
    """Severity, subject, reason and mend stand there, the worst first; commands are set apart."""
    async with browsing("admin") as browser:
        page = (await browser.post(PATH)).text
    words = unescape(page).replace("<code>", "`").replace("</code>", "`")
    for finding in FINDINGS:
        assert finding.reason in words
        assert finding.mend in words
        assert finding.code in words
    assert "3 things to mend" in words
    assert "2 errors, 1 warning, 1 info." in words
    assert (
        words.index("No worker runs") < words.index("The credentials may do admin") < words.index("No model is set up")
    )


async def test_a_healthy_house_is_told_so() -> None:
    """What is only good to know is nothing to mend."""
    quiet = FakeTeamServices(doctor=FakeDoctor(report(FINDINGS[3])))
    async with browsing("admin", services=quiet) as browser:
        page = (await browser.post(PATH)).text
        assert "All is well" in page
        assert "team-health--trouble" not in page


async def test_only_administrators_ask_the_doctor() -> None:
    """A recruiter and a stranger see nothing and start nothing; a form of another site neither; nobody is offered what is refused."""
    async with browsing("recruiter") as browser:
        assert (await browser.get(PATH)).status_code == 403
        assert (await browser.post(PATH)).status_code == 403
        assert PATH not in (await browser.get("/operations")).text
        assert browser.services.doctor.asked == []
    async with browsing(None) as browser:
        assert (await browser.get(PATH)).status_code == 303
        assert (await browser.post(PATH)).status_code == 303
        assert browser.services.doctor.asked == []
    async with browsing("admin") as browser:
        assert (await browser.forge(PATH)).status_code == 403
        assert PATH in (await browser.get("/operations")).text
        assert browser.services.doctor.asked == []
