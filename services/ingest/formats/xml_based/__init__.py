"""Formats in XML, and reading it without harm."""
