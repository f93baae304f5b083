"""Services that break a promise on purpose: the harness has to notice each of them.

    python -m tests.faults.mutants "no claiming" services.store

changes one thing in the service's own process and then is that service; the product has no hook
for it.
"""

import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

MUTANTS: Final[dict[str, Callable[[], None]]] = {}


def mutant(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(change: Callable[[], None]) -> Callable[[], None]:
        MUTANTS[name] = change
        return change

    return register


# ── delivery ──────────────────────────────────────────────────────────────────────────────────────


@mutant("acknowledge before writing")
def _acknowledge_first() -> None:
    from shared.desk import Desk
    from shared.group import Settlement

    take = Desk.take

    async def acknowledge_and_take(desk: Any, entries: Sequence[Any], *args: Any) -> None:
        await desk._group.settle([Settlement(entry.id) for entry in entries])
        await take(desk, entries, *args)

    Desk.take = acknowledge_and_take  # type: ignore[method-assign]


@mutant("no claiming")
def _no_claiming() -> None:
    from shared.group import Group

    async def nothing(_group: Any, *_args: Any, **_options: Any) -> list[Any]:
        return []

    Group.abandoned = nothing  # type: ignore[method-assign]


@mutant("settle without publishing")
def _settle_silently() -> None:
    _change_settle("if key > 0 then", "if key > 2 then")


@mutant("publish whether it was pending or not")
def _settle_blindly() -> None:
    _change_settle("settled[#settled + 1] = id\n", "settled[#settled + 1] = id end\n  do\n")


def _change_settle(what: str, instead: str) -> None:
    from shared import redis_scripts

    changed = redis_scripts.SETTLE.replace(what, instead)
    assert changed != redis_scripts.SETTLE, "the script has changed: change this mutant, too"
    redis_scripts.SETTLE = changed  # type: ignore[misc]


@mutant("an outage is an attempt")
def _outage_counts() -> None:
    from shared.desk import Desk

    async def count(_desk: Any, *_args: Any) -> None:
        return None

    assert hasattr(Desk, "_uncount")
    Desk._uncount = count  # type: ignore[method-assign]


@mutant("a dead letter without its bytes")
def _letter_without_bytes() -> None:
    from shared import deadletters

    encode = deadletters.encode

    def without(letter: Any) -> dict[bytes, bytes]:
        fields = encode(letter)
        return {k: v for k, v in fields.items() if not k.startswith(b"original")}

    deadletters.encode = without


# ── store ─────────────────────────────────────────────────────────────────────────────────────────


@mutant("the last write wins")
def _plain_replace() -> None:
    from services.store import mongo

    head_update = mongo.head_update

    def last(record: Any) -> list[dict[str, Any]]:
        [stage] = head_update(record)
        stage["$replaceWith"]["$mergeObjects"][0] = {"$literal": record.head}
        return [stage]

    mongo.head_update = last


@mutant("first_seen_at is the last")
def _first_seen_last() -> None:
    from services.store import mongo

    head_update = mongo.head_update

    def late(record: Any) -> list[dict[str, Any]]:
        [stage] = head_update(record)
        seen = stage["$replaceWith"]["$mergeObjects"][1]
        seen["first_seen_at"] = seen["last_seen_at"]
        return [stage]

    mongo.head_update = late


@mutant("one node without its journal is enough")
def _w1() -> None:
    from pymongo import WriteConcern

    from services.store import mongo

    mongo.WriteConcern = lambda *_: WriteConcern(w=1, j=False)  # type: ignore[misc, assignment]


@mutant("no revisions")
def _no_revisions() -> None:
    from services.store import mongo
    from services.store.bulk import Ends

    join = mongo.join

    async def heads_only(collection: Any, inserts: Mapping[int, Any], update: Any) -> Ends:
        if collection.name == mongo.REVISIONS:
            return Ends(set(inserts), set(), {})
        return await join(collection, inserts, update)

    mongo.join = heads_only


# ── ingest ────────────────────────────────────────────────────────────────────────────────────────


@mutant("archived before it is published")
def _archive_first() -> None:
    from dataclasses import replace

    from services.ingest.finishing import Finisher
    from services.ingest.intake import Intake

    publish = Intake._publish

    async def put_away_and_publish(intake: Any, batches: Sequence[Any]) -> bool:
        lasts = [(r, b) for r, b in batches if b.step.after.state == "published"]
        before = [reading.life for reading, _ in lasts]
        for reading, batch in lasts:
            reading.life = batch.step.after
        await Finisher.finish(intake._finisher, [reading for reading, _ in lasts])
        for (reading, _), life in zip(lasts, before, strict=True):
            reading.life = replace(life)
        return await publish(intake, batches)

    Intake._publish = put_away_and_publish  # type: ignore[method-assign]


# ── no mutant: a fault of the machine ─────────────────────────────────────────────────────────────

_BACK: Final = timedelta(hours=1)


class _Earlier(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) - _BACK


@mutant("clock set back")
def _clock_set_back() -> None:
    """Set the clock of this process back while it runs: half of what it does is at either time."""
    import time

    import services.enrich.worker
    import services.ingest.finishing
    import services.ingest.reading

    for module in (services.ingest.reading, services.ingest.finishing, services.enrich.worker):
        module.datetime = _Earlier  # type: ignore[attr-defined]
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() - _BACK.total_seconds()
    time.time_ns = lambda: now_ns() - int(_BACK.total_seconds()) * 10**9
    assert datetime.now(UTC) - _Earlier.now(UTC) > _BACK / 2


if __name__ == "__main__":
    _, name, module = sys.argv
    MUTANTS[name]()
    runpy.run_module(module, run_name="__main__")
