"""The database: engine and transactions, tables, and every query."""
