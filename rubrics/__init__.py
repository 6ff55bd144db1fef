"""Rubrics: what is asked in a first interview and how an answer is rated, as YAML that people can read and sign off."""
