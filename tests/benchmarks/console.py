"""How long the console's pages take, with half a million articles stored.

    python -m tests.benchmarks.console [--articles 500000] [--rounds 30] [--file FILE]

A stack reads 1,500 articles with tagging (invented ones, or those of FILE, JSON lines with a field
`text`). Copies of what it stored, of other times, sources and ids, make up the rest; they go to
MongoDB's `articles` past the services, with all its indexes. Each page is then asked for over HTTP
so many times, after three to warm up, and opened in Debian's chromium, each time by a new visitor,
until its first contentful paint. JSON: var/benchmarks/console.json.
"""

import argparse
import random
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from urllib.request import Request, urlopen

import orjson
from playwright.sync_api import Browser, sync_playwright
from pymongo import MongoClient
from rich.console import Console

from services.devstack.stack import Stack
from services.store.indexes import ARTICLES
from tests.benchmarks import stacks
from tests.benchmarks.results import Figures, Run, percentiles
from tests.benchmarks.stories import stories, stories_of

READ: Final = 1_500
AT_ONCE: Final = 2_000
SPREAD: Final = timedelta(days=40)
SOURCES: Final = 200
WARM_UP: Final = 3
PAINTS: Final = 10
_PAINT: Final = """() => new Promise(tell => new PerformanceObserver((list, observer) => {
  for (const entry of list.getEntriesByName("first-contentful-paint")) {
    observer.disconnect(); tell(entry.startTime);
  }
}).observe({type: "paint", buffered: true}))"""

Head = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.console")
    parser.add_argument("--articles", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--file", type=Path, help="articles to read instead of invented ones")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    run, console = Run("console", options.keep), Console()
    with stacks.running(console=True) as stack:
        client: MongoClient[Head] = MongoClient(stack.address.mongo_url, tz_aware=True)
        heads = client["newsflow"][ARTICLES]
        _read(stack, heads, options.file)
        grown = time.perf_counter()
        for count in _grow(heads, options.articles):
            if count % 50_000 < AT_ONCE:
                console.print(f"{count:,} articles, {time.perf_counter() - grown:.0f} s")
        paths = _paths(stack.address.console_url)
        figures: Figures = {"articles": heads.estimated_document_count(), "pages": {}}
        with _chromium() as browser:
            for name, path in paths.items():
                url = stack.address.console_url.rstrip("/") + path
                figures["pages"][name] = one = {
                    **_asked(url, options.rounds),
                    "paint_ms": percentiles(_painted(browser, url)),
                }
                console.print(f"{name:12} {one}")
    run.keep(figures)
    console.print(f"kept in {run.path}")


# ── what is stored ────────────────────────────────────────────────────────────────────────────


def _read(stack: Stack, heads: Any, file: Path | None) -> None:
    """Have the stack read the first articles."""
    told = stories_of(file, 1) if file else stories(1)
    half = stack.folder / "half.jsonl"
    half.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in islice(told, READ)))
    half.rename(stack.folder / "inbox" / "first.jsonl")
    while heads.estimated_document_count() < READ:
        time.sleep(0.5)
    for name, child in stack.children.items():
        if name not in {"redis", "mongo", "console"}:
            child.stop(20)


def _grow(heads: Any, most: int) -> Iterator[int]:
    """Copy what is stored until there are so many articles; yield how many there are."""
    chance = random.Random(1)  # noqa: S311 (times, no secrets)
    originals = list(heads.find({"pub_status": "usable", "joined": {"$exists": False}}))
    now, count = datetime.now(UTC), heads.estimated_document_count()
    while count < most:
        copies = [_copy(one, chance, now) for one in chance.choices(originals, k=AT_ONCE)]
        heads.insert_many(copies, ordered=False)
        count += AT_ONCE
        yield count


def _copy(head: Head, chance: random.Random, now: datetime) -> Head:
    id_ = uuid.UUID(int=chance.getrandbits(128)).hex
    ago = SPREAD * chance.random() ** 2  # more of late than long ago
    source = f"Wire {int(SOURCES * chance.random() ** 2)}"
    other = {"_id": id_, "uri": f"urn:newsflow:copy:{id_}", "cluster": id_, "source": source}
    return {**head, **other, "version_created": now - ago}


# ── what is asked ─────────────────────────────────────────────────────────────────────────────


def _paths(console_url: str) -> Mapping[str, str]:
    """Return the pages by name, with something that is there in each question."""
    answer = orjson.loads(_get(f"{console_url}api/articles"))
    facets = {kind: quote(counts[0]["id"]) for kind, counts in answer["facets"].items() if counts}
    first = answer["articles"][0]
    word = quote(max(first["headline"].split(), key=len))
    asked = {
        "by entity": f"entity_id={facets['entities']}",
        "by topic": f"topic={facets['topics']}",
        "by source": f"source={facets['sources']}",
        "by country": f"country={facets['countries']}",
        "by language": f"language={facets['languages']}",
        "by a word": f"text={word}",
    }
    return {
        "flow": "/",
        "articles": "/articles",
        "further on": f"/articles?before={quote(answer['older'])}",
        **{name: f"/articles?{question}" for name, question in asked.items()},
        "an article": f"/articles/{first['id']}",
        "entities": "/entities",
        "topics": "/topics",
        "company": f"/entities?of={facets['entities']}",
        "files": "/files",
        "sources": "/sources",
        "dead letters": "/dead",
    }


def _asked(url: str, rounds: int) -> Figures:
    """Return how many milliseconds a page takes, and what it weighs on the wire."""
    took, weighs = [], 0
    for _ in range(WARM_UP + rounds):
        began = time.perf_counter()
        weighs = len(_get(url, packed="gzip"))
        took.append(time.perf_counter() - began)
    return {"ms": percentiles(took[WARM_UP:]), "bytes": weighs}


def _get(url: str, packed: str = "identity") -> bytes:
    request = Request(url, headers={"Accept-Encoding": packed})  # noqa: S310 (ours)
    with urlopen(request, timeout=60) as answer:  # noqa: S310 (ours)
        return bytes(answer.read())


def _painted(browser: Browser, url: str) -> list[float]:
    """Return after how many seconds a page was first painted, by visitors with no cache."""
    found = []
    for _ in range(1 + PAINTS):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(url, wait_until="domcontentloaded")
        found.append(float(page.evaluate(_PAINT)) / 1000)
        context.close()
    return found[1:]


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield launched
        finally:
            launched.close()


if __name__ == "__main__":
    main()
