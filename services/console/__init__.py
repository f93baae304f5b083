"""Console: what came in, what became of it and whether all is well, in a browser.

In:      Redis, MongoDB, the health of the other services, the archive's receipts.
Out:     pages, and the same as JSON below /api; described at /api/openapi.json.
Promise: it reads. All that it changes is that dead letters are sent again, by whoever has the
         token. What articles and files hold is shown as text, and no page shows a secret.
"""
