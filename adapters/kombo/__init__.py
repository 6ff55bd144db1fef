"""Kombo (kombo.dev): one integration of its unified ATS and assessment API."""
