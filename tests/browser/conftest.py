"""One real stack for all tests of this folder, with articles in it; and Debian's chromium."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pymongo import MongoClient

from services.console.tokens import kept
from services.devstack.stack import Address
from tests.app.conftest import WITHIN_S, start, until
from tests.browser import newsroom

ARTICLES = int(os.environ.get("NEWSFLOW_BROWSER_ARTICLES", "200"))
ROOT = Path(__file__).parent.parent.parent
SHOTS = ROOT / "var" / "browser"

Scheme = Literal["light", "dark"]
Open = Callable[..., Page]


@dataclass(frozen=True)
class Newsroom:
    """A running stack that has taken in its articles."""

    folder: Path
    servers: Address

    @property
    def token(self) -> str:
        return kept(self.folder / "var" / "console-token")

    def path_of(self, uri: str) -> str:
        """Return the page of an article."""
        with MongoClient[dict[str, Any]](self.servers.mongo_url) as client:
            found = client.newsflow.articles.find_one({"uri": uri}, {"_id": 1})
            assert found is not None
            return f"/articles/{found['_id']}"


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A stack of these tests, or that of the folder that NEWSFLOW_BROWSER_STACK names."""
    if folder := os.environ.get("NEWSFLOW_BROWSER_STACK"):
        servers = Address.of(Path(folder))
        assert servers
        yield taken_in(Newsroom(Path(folder), servers))
        return
    running = start(tmp_path_factory.mktemp("newsroom"))
    try:
        yield taken_in(Newsroom(running.folder, running.address))
    finally:
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(WITHIN_S) == 0


def taken_in(room: Newsroom) -> Newsroom:
    """Have a stack take in what the tests read, good and bad; wait until it has."""
    newsroom.publish(room.servers.redis_url, newsroom.stories(ARTICLES, now=newsroom.now()))
    newsroom.publish(room.servers.redis_url, newsroom.hostile())
    newsroom.break_some(room.servers.redis_url)
    for seed in sorted((ROOT / "seeds").glob("*.*")):
        shutil.copy(seed, room.folder / "inbox")

    def is_done() -> bool:
        with MongoClient[dict[str, Any]](room.servers.mongo_url) as client:
            return client.newsflow.articles.count_documents({}) >= ARTICLES + 20

    until(is_done)
    return room


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    assert found, "no chromium here: `make test-browser` installs it, or says how"
    options = ["--no-sandbox"] if os.getuid() == 0 else []  # its sandbox does not run as root
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=options)
        yield launched
        launched.close()


def is_wrong(said: ConsoleMessage) -> bool:
    """Say whether the browser tells of an error; that a token is wrong is none."""
    return said.type == "error" and not said.location["url"].endswith("/token")


@pytest.fixture
def opened(room: Newsroom, browser: Browser) -> Iterator[Open]:
    """Open a page; it fails the test when anything of it was refused, or raised an error."""
    contexts = []
    wrong: list[str] = []

    def open_(path: str = "/", *, width: int = 1280, scheme: Scheme = "light") -> Page:
        context = browser.new_context(
            base_url=room.servers.console_url,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            reduced_motion="reduce",  # no colour on its way to another
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if is_wrong(said) else None)
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="session", autouse=True)
def _shots() -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
