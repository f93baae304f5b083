"""The pages, a module each: a router with a page and the JSON that it is made of, below /api."""

from services.console.pages import common, flow

ROUTERS = (common.router, flow.router)
