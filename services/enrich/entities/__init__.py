"""Who and what a story names: found, put right, and brought together."""
