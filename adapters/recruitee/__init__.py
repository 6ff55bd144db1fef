"""Recruitee (Tellent): webhooks and the API of one company."""
