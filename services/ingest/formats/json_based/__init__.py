"""Formats in JSON, and the shapes that an article has in them."""
