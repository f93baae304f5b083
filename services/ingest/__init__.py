"""Ingest: the first stage.

In:      files in the inbox, complete ones only, in any format of formats/, packed or not.
Out:     RawArticle on articles.raw for each record; the file in archive/ with its receipt; what is
         no article in inbox/.failed/ with its reason.
Promise: what a file holds is on the stream once before the file leaves the inbox, whatever is
         killed; a bad record or file harms and delays no other; memory does not grow with files.
"""
