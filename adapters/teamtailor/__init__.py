"""Teamtailor: company webhooks, notes and custom fields by JSON:API, and assessments that a stage trigger orders."""
