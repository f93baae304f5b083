"""Ingest: the first stage.

In:      files in the inbox, complete ones only, in any format of formats/.
Out:     RawArticle on articles.raw; the file in archive/, or in inbox/.failed/ with its reason.
Promise: a file leaves the inbox only after Redis has taken what it holds; nothing is deleted.
"""
