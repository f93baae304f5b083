"""The three services in the order an article meets them, ingest, enrich, store; and the command."""
