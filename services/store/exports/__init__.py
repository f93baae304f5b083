"""Stored articles in the formats of others: pure, a document in, an object out."""
