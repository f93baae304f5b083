"""Store: the last stage.

In:      EnrichedArticle on articles.enriched, group "store", in any order and any number of times.
Out:     one document an article in MongoDB `articles`, every version in `article_revisions`.
Promise: the newest version wins, a kill over all of them, and re-runs share the cluster of the
         first seen, whatever the order of arrival; nothing is acknowledged before a majority has it
         in its journal.
"""
