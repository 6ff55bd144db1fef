"""The pages of calibration: a session of each state, blind and revealed, and before the first one."""

from tests.browser.site import Page, Site
from tests.fixtures.team_calibration import CLOSED, DIGEST, RATING, REVEALED, calibration_app, quiet_calibration_app

SESSION_COOKIE = ("evenhand_session", "admin")

CALIBRATION = Site(
    calibration_app,
    (
        Page("calibration-list", "/calibration"),
        Page("calibration-new", "/calibration/new"),
        Page("calibration-new-items", f"/calibration/new?rubric={DIGEST}"),
        Page("calibration-session-rating", f"/calibration/{RATING}", unfold=True),
        Page("calibration-session-revealed", f"/calibration/{REVEALED}", unfold=True),
        Page("calibration-item-blind", f"/calibration/{RATING}/items/1"),
        Page("calibration-item-removed", f"/calibration/{RATING}/items/2", unfold=True),
        Page("calibration-item-revealed", f"/calibration/{REVEALED}/items/3?told=saved"),
        Page("calibration-item-closed", f"/calibration/{CLOSED}/items/1", unfold=True),
        Page("calibration-report", f"/calibration/{CLOSED}/report", unfold=True),
        Page("calibration-report-early", f"/calibration/{RATING}/report", status=404),
    ),
    (SESSION_COOKIE,),
)
CALIBRATION_EMPTY = Site(quiet_calibration_app, (Page("calibration-list-empty", "/calibration"),), (SESSION_COOKIE,))
