"""The sandbox ATS: adapter, and under `server/` the little ATS itself."""
