"""Pages and endpoints: everything that speaks HTTP to people, to browsers and to the ATS."""
