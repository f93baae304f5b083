"""Web pages, one or archived."""
