"""The command line: one module per verb family."""
