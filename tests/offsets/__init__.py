"""Ten thousand documents in every script, and whether each tag is what the text says there."""
