"""evenhand.yaml: read, checked as a whole, turned into frozen domain structs."""
