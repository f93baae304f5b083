"""What may stand in a stream entry beside the article, and how an article is read from it."""
