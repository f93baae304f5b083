"""Services that break a promise on purpose: the harness has to notice each of them.

    python -m tests.faults.mutants "no claiming" services.store

changes one thing in the service's own process and then is that service; the product has no hook
for it. A mutant whose place in the product is gone ends with an error, and its test fails.
"""

import importlib
import runpy
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from pymongo import WriteConcern

from shared.delivery.group import Settlement

Change = Callable[[], None]
MUTANTS: Final[dict[str, Change]] = {}


def mutant(name: str) -> Callable[[Change], Change]:
    def register(change: Change) -> Change:
        MUTANTS[name] = change
        return change

    return register


def _replace(where: str, name: str, make: Callable[[Any], Any]) -> None:
    """Replace an attribute of a module, or of its class, by what `make` makes of it."""
    module, _, inside = where.partition(":")
    owner: Any = importlib.import_module(module)
    owner = getattr(owner, inside) if inside else owner
    setattr(owner, name, make(getattr(owner, name)))


# ── delivery ──────────────────────────────────────────────────────────────────────────────────────


@mutant("acknowledge before writing")
def _acknowledge_first() -> None:
    def make(take: Any) -> Any:
        async def acknowledge_and_take(desk: Any, entries: Sequence[Any]) -> None:
            await desk._group.settle([Settlement(entry.id) for entry in entries])
            await take(desk, entries)

        return acknowledge_and_take

    _replace("shared.delivery.desk:Desk", "take", make)


@mutant("no claiming")
def _no_claiming() -> None:
    async def nothing(*_args: Any) -> list[Any]:
        return []

    _replace("shared.delivery.group:Group", "abandoned", lambda _: nothing)


@mutant("settle without publishing")
def _settle_silently() -> None:
    _change_settle("if key > 0 then", "if key > 2 then")


@mutant("publish whether it was pending or not")
def _settle_blindly() -> None:
    _change_settle("settled[#settled + 1] = id\n", "settled[#settled + 1] = id end\n  do\n")


@mutant("an end is not counted")
def _settle_uncounted() -> None:
    _change_settle("count(totals, field, kind.ended)", "count(totals, field, 0)")


def _change_settle(what: str, instead: str) -> None:
    def make(script: str) -> str:
        assert what in script
        return script.replace(what, instead)

    _replace("shared.delivery.redis_scripts", "SETTLE", make)


@mutant("an outage is an attempt")
def _outage_counts() -> None:
    async def count(*_args: Any) -> None:
        return None

    _replace("shared.delivery.desk:Desk", "_uncount", lambda _: count)


@mutant("a dead letter without its bytes")
def _letter_without_bytes() -> None:
    def make(encode: Any) -> Any:
        def without(letter: Any) -> dict[bytes, bytes]:
            fields = encode(letter)
            return {k: v for k, v in fields.items() if not k.startswith(b"original")}

        return without

    _replace("shared.letters.deadletters", "encode", make)


# ── store ─────────────────────────────────────────────────────────────────────────────────────────


def _change_head(change: Callable[[list[Any], Any], None]) -> None:
    """Change what is merged when a version is joined to its head."""

    def make(head_update: Any) -> Any:
        def changed(record: Any) -> Any:
            update = head_update(record)
            change(update[0]["$replaceWith"]["$mergeObjects"], record)
            return update

        return changed

    _replace("services.store.mongo", "head_update", make)


@mutant("the last write wins")
def _plain_replace() -> None:
    def last(merged: list[Any], record: Any) -> None:
        merged[0] = {"$literal": record.head}

    _change_head(last)


@mutant("first_seen_at is the last")
def _first_seen_last() -> None:
    def late(merged: list[Any], _record: Any) -> None:
        merged[1]["first_seen_at"] = merged[1]["last_seen_at"]

    _change_head(late)


@mutant("one node without its journal is enough")
def _w1() -> None:
    weak = WriteConcern(w=1, j=False)
    _replace("services.store.mongo", "WriteConcern", lambda _: lambda *_args, **_options: weak)


@mutant("no revisions")
def _no_revisions() -> None:
    ends = importlib.import_module("services.store.bulk").Ends

    def make(join: Any) -> Any:
        async def heads_only(collection: Any, inserts: Mapping[int, Any], update: Any) -> Any:
            if collection.name == "article_revisions":
                return ends(set(inserts), set(), {})
            return await join(collection, inserts, update)

        return heads_only

    _replace("services.store.mongo", "join", make)


# ── ingest ────────────────────────────────────────────────────────────────────────────────────────


@mutant("archived before it is published")
def _archive_first() -> None:
    def make(publish: Any) -> Any:
        async def put_away_and_publish(intake: Any, batches: Sequence[Any]) -> Any:
            last = [(one, batch) for one, batch in batches if batch.step.after.state == "published"]
            before = [reading.life for reading, _ in last]
            for reading, batch in last:
                reading.life = batch.step.after
            await intake._finisher.finish([reading for reading, _ in last])
            for (reading, _), life in zip(last, before, strict=True):
                reading.life = replace(life)
            return await publish(intake, batches)

        return put_away_and_publish

    _replace("services.ingest.intake:Intake", "_publish", make)


# ── no mutant: a fault of the machine ─────────────────────────────────────────────────────────────

CLOCK: Final = "clock set back"

_BACK: Final = timedelta(hours=1)


class _Earlier(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.now(tz) - _BACK


@mutant(CLOCK)
def _clock_set_back() -> None:
    for module in (
        "services.ingest.reading",
        "services.ingest.finishing",
        "services.enrich.worker",
    ):
        _replace(module, "datetime", lambda _: _Earlier)
    now, now_ns = time.time, time.time_ns
    back_s = int(_BACK.total_seconds())
    time.time = lambda: now() - back_s
    time.time_ns = lambda: now_ns() - back_s * 10**9


if __name__ == "__main__":
    _, name, module = sys.argv
    MUTANTS[name]()
    runpy.run_module(module, run_name="__main__")
