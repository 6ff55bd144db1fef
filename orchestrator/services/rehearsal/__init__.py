"""Rehearsal: simulated candidates, or a member of the team, take an interview that counts for nothing."""
