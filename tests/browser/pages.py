"""Every page that exists, for screenshots and for the checks that every page must pass."""

from tests.browser.calibration_pages import CALIBRATION, CALIBRATION_EMPTY
from tests.browser.candidate_pages import CANDIDATE
from tests.browser.neighbour_pages import BOARD, CATCHER, EMPTY_CATCHER, MAILS
from tests.browser.rehearsal_site import REHEARSAL
from tests.browser.site import Page, Site
from tests.browser.team_pages import QUIET, SIGNED_OUT, STOPPED, TEAM

SITES: tuple[Site, ...] = (
    CANDIDATE,
    TEAM,
    QUIET,
    STOPPED,
    SIGNED_OUT,
    CALIBRATION,
    CALIBRATION_EMPTY,
    REHEARSAL,
    BOARD,
    CATCHER,
    EMPTY_CATCHER,
    MAILS,
)
EVERY: tuple[tuple[Site, Page], ...] = tuple((site, page) for site in SITES for page in site.pages)
