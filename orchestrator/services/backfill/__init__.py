"""Backfills: invitations for those who already stand in a stage."""
