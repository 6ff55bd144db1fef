"""Workable: webhooks, API v3, and the server for its assessment providers."""
