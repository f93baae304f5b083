"""The pages, a module each: a router with a page and the JSON that it is made of, below /api."""

from services.console.pages import (
    article,
    articles,
    common,
    dead,
    files,
    flow,
    sources,
    subjects,
)

ROUTERS = (
    common.router,
    flow.router,
    articles.router,
    article.router,
    subjects.router,
    files.router,
    sources.router,
    dead.router,
)
