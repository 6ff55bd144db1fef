"""The candidate's pages in every state, the error pages of strangers, and the design system."""

from tests.browser.site import Page, Site
from tests.fixtures.fake_services import candidate_app

CANDIDATE = Site(
    candidate_app,
    (
        Page("candidate-welcome", "/i/invited"),
        Page("candidate-welcome-unfolded", "/i/invited", unfold=True),
        Page("candidate-welcome-again", "/i/invited-again"),
        Page("candidate-practice", "/i/begun/practice"),
        Page("candidate-question-first", "/i/begun/questions/1"),
        Page("candidate-question-answered", "/i/halfway/questions/2"),
        Page("candidate-question-last", "/i/answered/questions/5"),
        Page("candidate-follow-up", "/i/asked/questions/1/more/1"),
        Page("candidate-follow-up-last", "/i/asked-twice/questions/1/more/2"),
        Page("candidate-follow-up-check", "/i/asked-twice/check"),
        Page("candidate-follow-up-welcome", "/i/asked-and-invited"),
        Page("candidate-check", "/i/answered/check"),
        Page("candidate-check-open", "/i/halfway/check"),
        Page("candidate-done", "/i/submitted/done"),
        Page("candidate-done-unfolded", "/i/submitted/done", unfold=True),
        Page("candidate-help", "/i/halfway/help"),
        Page("candidate-help-closed", "/i/final/help"),
        Page("candidate-alternative", "/i/paused"),
        Page("candidate-handed-over", "/i/handed-over"),
        Page("candidate-expired", "/i/expired"),
        Page("candidate-cancelled", "/i/cancelled"),
        Page("candidate-withdrawn", "/i/withdrawn"),
        Page("candidate-unknown-link", "/i/no-such-link", status=404),
        Page("error-not-found", "/nowhere", status=404),
        Page("design", "/design", unfold=True),
        Page("design-contrast", "/design?theme=contrast", unfold=True),
        Page("design-contrast-dark", "/design?theme=contrast-dark", unfold=True),
    ),
)
