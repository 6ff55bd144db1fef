"""Evenhand: from a stage change in the ATS to an interview, a score, a person's decision and a write-back."""
