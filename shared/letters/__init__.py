"""Dead letters: what they hold, where it came from, how it is sent again."""
