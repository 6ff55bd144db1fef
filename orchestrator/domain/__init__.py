"""The product's rules as pure values and functions: no I/O, no ORM, no clock, no settings."""
