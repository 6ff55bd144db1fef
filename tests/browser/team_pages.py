"""The team's pages: a busy day, a quiet one, and the door."""

from tests.browser.site import Page, Site
from tests.fixtures.fake_team_services import quiet_app, stopped_app, team_app
from tests.fixtures.team_cases import (
    ADJUSTMENT,
    AUDIT_REF,
    BLIND,
    DECIDED,
    HELD,
    NEAR_CUT,
    OVERDUE,
    OWN_PROPOSAL,
    PERSON,
    PROPOSED,
    PROVISIONAL,
    UNSCORABLE,
)
from tests.fixtures.team_operations import APPLICATIONS
from tests.fixtures.team_result_links import DEAD, FINAL, IN_REVIEW, OUTDATED

SESSION_COOKIE = ("evenhand_session", "admin")
CONNECTION_PAGE = "/operations/connections/northlight"
_NO_CASE = "00000000-0000-0000-0000-000000000000"

TEAM = Site(
    team_app,
    (
        Page("team-queue", "/review"),
        Page("team-case", f"/review/{NEAR_CUT}"),
        Page("team-case-unfolded", f"/review/{NEAR_CUT}", unfold=True),
        Page("team-case-thin", f"/review/{OVERDUE}"),
        Page("team-case-provisional", f"/review/{PROVISIONAL}"),
        Page("team-case-unscorable", f"/review/{UNSCORABLE}"),
        Page("team-case-decided", f"/review/{DECIDED}"),
        Page("team-case-blind", f"/review/{BLIND}"),
        Page("team-case-held", f"/review/{HELD}"),
        Page("team-case-proposed", f"/review/{PROPOSED}", unfold=True),
        Page("team-case-own-proposal", f"/review/{OWN_PROPOSAL}"),
        Page("team-queue-mine", "/review?show=mine"),
        Page("team-review-quality", "/review/quality"),
        Page("team-request-adjustment", f"/review/{ADJUSTMENT}"),
        Page("team-request-person", f"/review/{PERSON}"),
        Page("team-result", f"/results/{AUDIT_REF}"),
        Page("team-result-unfolded", f"/results/{AUDIT_REF}", unfold=True),
        Page("team-operations", "/operations", unfold=True),
        Page("team-operations-applications", "/operations?show=applications"),
        Page("team-operations-sync", "/operations?show=sync"),
        Page("team-doctor", "/operations/doctor"),
        Page("team-connection", CONNECTION_PAGE),
        Page("team-timeline", f"/operations/applications/{APPLICATIONS[0].application_id}"),
        Page("team-timeline-link", f"/operations/applications/{APPLICATIONS[1].application_id}", unfold=True),
        Page("team-unknown-case", f"/review/{_NO_CASE}", status=404),
    ),
    (SESSION_COOKIE,),
)
QUIET = Site(
    quiet_app,
    (
        Page("team-queue-empty", "/review"),
        Page("team-review-quality-empty", "/review/quality"),
        Page("team-operations-quiet", "/operations?told=replayed"),
        Page("team-operations-applications-empty", "/operations?show=applications"),
        Page("team-operations-sync-empty", "/operations?show=sync"),
    ),
    (SESSION_COOKIE,),
)
STOPPED = Site(
    stopped_app,
    (Page("team-queue-stopped", "/review"), Page("team-connection-stopped", CONNECTION_PAGE)),
    (SESSION_COOKIE,),
)
SIGNED_OUT = Site(
    team_app,
    (
        Page("team-sign-in", "/sign-in"),
        Page("result-link", f"/r/{FINAL}"),
        Page("result-link-in-review", f"/r/{IN_REVIEW}"),
        Page("result-link-outdated", f"/r/{OUTDATED}"),
        Page("result-link-dead", f"/r/{DEAD}", status=404),
    ),
)
