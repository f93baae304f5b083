"""Formats that people write and read as text."""
