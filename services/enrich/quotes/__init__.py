"""Who says what in a story."""
