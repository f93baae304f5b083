"""Enrich: the middle stage.

In:      RawArticle on articles.raw, group "enrich", in any shape of shared/entries/wire.py.
Out:     EnrichedArticle on articles.enriched: language, headline, dateline, footer, entities,
         topics, quotes, signature.
Promise: `text[start:end] == mention` for every mention, and likewise for quotes; every tag names
         the tool that made it.
"""
