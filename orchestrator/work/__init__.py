"""The durable engine: one table of work in the database, claimed, run, retried and kept in sight."""
