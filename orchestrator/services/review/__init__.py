"""Review: the queue, a case, what people choose, and what becomes of it."""
