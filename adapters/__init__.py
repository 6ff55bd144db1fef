"""Adapters: what Evenhand knows about each applicant tracking system, one folder per vendor."""
