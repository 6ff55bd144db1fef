"""The doctor: looks at a connection and at the installation, and changes nothing."""
