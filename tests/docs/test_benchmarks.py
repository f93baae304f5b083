"""docs/benchmarks.md says what the kept run says."""

import json
import re

from tests.benchmarks.page import DOCS, RESULTS, documents


def test_page_and_plots_are_those_of_the_kept_run() -> None:
    """`python -m tests.benchmarks.page` would change nothing."""
    written = documents(json.loads(RESULTS.read_text()))

    stale = [path.name for path, text in written.items() if path.read_text() != text]
    assert stale == []


def test_every_plot_is_shown() -> None:
    """A plot that no page shows is forgotten."""
    page = (DOCS / "benchmarks.md").read_text()

    shown = set(re.findall(r"\(benchmarks/(\S+\.svg)\)", page))
    assert shown == {path.name for path in (DOCS / "benchmarks").glob("*.svg")}


def test_what_is_kept_names_no_host_and_no_path() -> None:
    """Results are public; the machine is told by its parts."""
    kept = RESULTS.read_text()

    assert not re.search(r"(?<![\w ])/\w+/|://|localhost|127\.0", kept)
