"""Measurements of Evenhand against what a user would pick instead: ``python -m bench`` (see docs/performance.md)."""
