"""The tools that articles are read with, loaded once for all tests of enrichment."""

import pytest

from services.enrich.tools import Tools, load_tools


@pytest.fixture(scope="session")
def tools() -> Tools:
    """The weights and tables that ship with Newsflow, by the arithmetic that every machine has."""
    return load_tools(arithmetic="float32")
