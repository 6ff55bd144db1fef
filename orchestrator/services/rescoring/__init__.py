"""Re-scoring: a later reading beside the one that counts, and a person who uses it."""
