"""The pages of rehearsals and of scoring again, as they open; what a form leads to is in test_rehearsal.py."""

from tests.browser.site import Page, Site
from tests.browser.team_pages import SESSION_COOKIE
from tests.fixtures.rehearsal_pages import NOT_YET, PROPOSED, READ_AGAIN, rehearsal_app

REHEARSAL = Site(
    rehearsal_app,
    (
        Page("team-rehearsals", "/rehearsal"),
        Page("team-rehearsal", "/rehearsal/support-pilot", unfold=True),
        Page("team-scored-again", f"/rescorings/{READ_AGAIN}"),
        Page("team-scored-again-proposed", f"/rescorings/{PROPOSED}", unfold=True),
        Page("team-scored-again-not", f"/rescorings/{NOT_YET}"),
    ),
    (SESSION_COOKIE,),
)
