"""Credentials: what an ATS is reached with, and how that is kept."""
