"""Every query. Functions take an open session and never commit."""
