"""What adapters are built from: HTTP with one error mapping, signatures, paging, payload checks, quality files."""
