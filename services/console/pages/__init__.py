"""The pages, a module each: a router with a page and the JSON that it is made of, below /api."""

from services.console.pages import common, dead, files, flow, sources

ROUTERS = (common.router, flow.router, files.router, sources.router, dead.router)
