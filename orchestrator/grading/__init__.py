"""Graders: implementations of the `Grader` port. Only this package talks to a model."""
