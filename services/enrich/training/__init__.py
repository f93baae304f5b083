"""Makes files that the service ships with. Not needed to run it; see each module."""
