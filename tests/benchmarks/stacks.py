"""A whole stack to measure, in a folder that goes with it."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from services.cli.running import ready
from services.devstack.stack import Stack


@contextmanager
def running(*, console: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Run a stack while the block lasts, well when it begins; `settings` as the environment has."""
    with tempfile.TemporaryDirectory(prefix="newsflow-bench-") as folder:
        stack = Stack(Path(folder), console=console, settings=dict(settings or {}))
        stack.start()
        try:
            asyncio.run(_well(stack))
            yield stack
        finally:
            for child in stack.children.values():
                child.kill()


async def _well(stack: Stack) -> None:
    await ready(stack, asyncio.Event())
