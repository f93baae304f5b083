"""How good and how fast the enrichment is, on labelled files that are not part of the project."""
