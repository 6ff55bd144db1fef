"""Orders: a recruiter orders an interview in the ATS itself, and is told there how it stands."""
