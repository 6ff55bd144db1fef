"""Ashby: adapter and assessment partner."""
