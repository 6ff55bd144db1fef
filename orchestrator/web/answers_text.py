"""A candidate's own answers as a plain text file."""

import textwrap

from orchestrator.services.candidate_views import CandidateView
from orchestrator.web.templating import moment

_WIDTH = 78


def answers_text(view: CandidateView) -> str:
    """Questions with answers, as plain text with LF line ends. Answers are exactly as they were written."""
    lines = [f"{view.job_title}, {view.employer}", "Your answers"]
    if view.submitted_at is not None:
        lines.append(f"Handed in on {moment(view.submitted_at)}")
    if view.answers_removed:
        lines += ["", "Your answers were removed, as we told you before you began. We no longer hold them."]
        return "\n".join(lines) + "\n"
    for question in view.questions:
        lines += ["", "", *textwrap.wrap(f"{question.number}. {question.text}", _WIDTH), ""]
        lines.append(question.answer if question.answer.strip() else "(no answer)")
        for follow_up in question.follow_ups:
            lines += ["", *textwrap.wrap(f"One more about this: {follow_up.text}", _WIDTH), ""]
            lines.append(follow_up.answer if follow_up.answer.strip() else "(no answer)")
    return "\n".join(lines) + "\n"
