"""Greenhouse Recruiting: webhooks, Harvest v3, and the Assessment API."""
