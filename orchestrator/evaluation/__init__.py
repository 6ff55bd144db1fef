"""Evaluation of graders: agreement with human raters, intervals, metamorphic properties. Needs the extra ``evaluation``."""
