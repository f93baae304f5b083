"""The services in the order an article meets them, ingest, enrich, store; console and command."""
