"""What a story is about: the phrase lexicon, and how likely each topic is by it."""
