"""The team's pages for screenshots and accessibility checks: (name, path, unfold, status), grouped by who looks."""

from tests.fixtures.team_cases import ADJUSTMENT, AUDIT_REF, DECIDED, NEAR_CUT, OVERDUE, PERSON, PROVISIONAL, UNSCORABLE
from tests.fixtures.team_operations import APPLICATIONS

SESSION_COOKIE = ("evenhand_session", "admin")
SIGNED_OUT_PAGES: tuple[tuple[str, str, bool, int], ...] = (("team-sign-in", "/sign-in", False, 200),)
TEAM_PAGES: tuple[tuple[str, str, bool, int], ...] = (
    ("team-queue", "/review", False, 200),
    ("team-case", f"/review/{NEAR_CUT}", False, 200),
    ("team-case-unfolded", f"/review/{NEAR_CUT}", True, 200),
    ("team-case-thin", f"/review/{OVERDUE}", False, 200),
    ("team-case-provisional", f"/review/{PROVISIONAL}", False, 200),
    ("team-case-unscorable", f"/review/{UNSCORABLE}", False, 200),
    ("team-case-decided", f"/review/{DECIDED}", False, 200),
    ("team-request-adjustment", f"/review/{ADJUSTMENT}", False, 200),
    ("team-request-person", f"/review/{PERSON}", False, 200),
    ("team-result", f"/results/{AUDIT_REF}", False, 200),
    ("team-result-unfolded", f"/results/{AUDIT_REF}", True, 200),
    ("team-operations", "/operations", True, 200),
    ("team-operations-applications", "/operations?show=applications", False, 200),
    ("team-operations-sync", "/operations?show=sync", False, 200),
    ("team-timeline", f"/operations/applications/{APPLICATIONS[0].application_id}", False, 200),
    ("team-unknown-case", "/review/00000000-0000-0000-0000-000000000000", False, 404),
)
QUIET_PAGES: tuple[tuple[str, str, bool, int], ...] = (
    ("team-queue-empty", "/review", False, 200),
    ("team-operations-quiet", "/operations?told=replayed", False, 200),
    ("team-operations-applications-empty", "/operations?show=applications", False, 200),
    ("team-operations-sync-empty", "/operations?show=sync", False, 200),
)
