"""Stored articles from Python, for notebooks and programs: read only, asynchronous.

In    a MongoDB that the store service fills
Out   documents as docs/querying.md describes them, and counts of them
"""

from services.reading.articles import Articles, Asked
from services.store.counting import Bucket, Top
from services.store.following import Stored, Token

__all__ = ["Articles", "Asked", "Bucket", "Stored", "Token", "Top"]
