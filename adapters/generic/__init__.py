"""Anything that speaks Standard Webhooks: an ATS of your own, or middleware such as n8n in front of any other."""
