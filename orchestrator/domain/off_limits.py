"""The guard on what the interviewer says: a text that touches what no interviewer may ask is never shown (C4).

The words are the rubric linter's own (`rubrics.off_limits`), so that what the linter accepts is also asked, and what the
guard would hold back is reported when the rubric is written. Nothing is filled in into questions and follow-ups, neither
names nor other words of a person; a text with a blank to be filled in may not be said.
"""

from rubrics.off_limits import off_limits


def may_be_said(text: str) -> bool:
    """Say whether the interviewer may say a text."""
    return not off_limits(text)
