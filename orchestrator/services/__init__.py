"""Use cases. A service owns its transactions and never makes a request inside one."""
