"""Merge (merge.dev): one linked account of its unified ATS API."""
