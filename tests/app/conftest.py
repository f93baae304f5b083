"""One `newsflow up` for all tests of this folder, started as a user would."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pymongo import MongoClient

from services.devstack.stack import Address

WITHIN_S = 60

T = TypeVar("T")


@dataclass(frozen=True)
class Running:
    """A folder in which `newsflow up` runs."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> Address:
        address = Address.of(self.folder)
        assert address is not None
        return address

    def newsflow(
        self, *arguments: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder, and return how it ended."""
        return newsflow(*arguments, cwd=self.folder, stdin=stdin)

    def document(self, **fields: str) -> dict[str, Any]:
        """Wait for the one article with these fields, read by a plain client; return it."""
        with MongoClient[dict[str, Any]](self.address.mongo_url, tz_aware=True) as client:
            return until(lambda: client["newsflow"]["articles"].find_one(fields))

    def letter(self, reason: str) -> dict[str, Any]:
        """Wait for a dead letter whose reason contains `reason`; return it as `dead list` says."""

        def find() -> dict[str, Any] | None:
            listed = self.newsflow("dead", "list", "--json", "--limit", "0").stdout.splitlines()
            letters: list[dict[str, Any]] = [json.loads(line) for line in listed]
            return next((letter for letter in letters if reason in letter["reason"]), None)

        return until(find)


def newsflow(
    *arguments: str, cwd: Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )


def until(look: Callable[[], T | None]) -> T:
    """Return what `look` finds, once it finds something."""
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    message = f"not found within {WITHIN_S} s"
    raise AssertionError(message)


def start(folder: Path, *arguments: str) -> Running:
    """Start `newsflow up` in `folder`, and wait until it says that it is ready."""
    log = folder / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "up", *arguments],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def is_ready() -> bool:
        assert process.poll() is None, log.read_text()
        return "ready: drop files" in log.read_text()

    until(is_ready)
    return Running(folder, process)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    stack = start(tmp_path_factory.mktemp("newsflow"))
    yield stack
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(WITHIN_S) == 0
