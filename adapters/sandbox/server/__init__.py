"""A small applicant tracking system of its own: REST API, signed webhooks, fault switches and a web board."""
