"""Lever: adapter."""
