"""What of an article is the story, in which language, and what stands around it."""
