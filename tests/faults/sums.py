"""The set check that every fault ends in: what was accepted, against what there is."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient

from services.inspection.accounting import Books, gaps
from shared import streams
from shared.entries.accounts import UNNAMED
from shared.letters import deadletters
from shared.letters.deadletters import DeadLetter
from tests.faults.newsroom import REST_WITHIN_S, Dropped, Newsroom, Parcel, mark

_SHOWN = 3


async def shortfalls(room: Newsroom, *, within_s: float = REST_WITHIN_S) -> list[str]:
    """Wait until all is at rest; return every promise that does not hold: [] is what one wants.

    What `newsflow reconcile` has to say is accepted in the end, so that the next case begins anew.
    """
    unrest = await room.at_rest(within_s)
    letters = [letter async for letter in deadletters.letters(room.desk)]
    return [
        *([f"no rest: {unrest}"] if unrest else []),
        *room.notes,
        *_of_documents(room),
        *_of_letters(room.parcels, letters),
        *_of_files(room),
        *([] if unrest else await _of_books(room)),
        *(f"a process nobody started: {pid}" for pid in sorted(room.rig.strangers())),
    ]


def _of_documents(room: Newsroom) -> Iterator[str]:
    fields = dict.fromkeys(("uri", "content_hash", "first_seen_at"), 1)
    with MongoClient[dict[str, Any]](room.rig.address.mongo_url, tz_aware=True) as client:
        database = client["newsflow"]
        documents = list(database["articles"].find({}, fields))
        revisions = defaultdict(list)
        for one in database["article_revisions"].find({}, fields):
            revisions[one["uri"]].append(one["content_hash"])
    heads = {one["uri"]: one for one in documents}
    sent = room.stories
    yield from _named("articles lost", sent.keys() - heads.keys())
    yield from _named("articles nobody sent", heads.keys() - sent.keys())
    yield from _named("documents doubled", doubled(one["uri"] for one in documents))
    both = sent.keys() & heads.keys()
    yield from _named(
        "heads not the newest",
        (uri for uri in both if heads[uri]["content_hash"] != sent[uri].newest.content_hash),
    )
    yield from _named("revisions lost", (u for u in sent if sent[u].versions.keys() - revisions[u]))
    yield from _named("revisions doubled", (u for u in revisions if doubled(revisions[u])))
    now = datetime.now(UTC)
    yield from _named(
        "first_seen_at wrong",
        (
            uri
            for uri in both
            if not sent[uri].not_before - room.clock_doubt
            <= heads[uri]["first_seen_at"]
            <= min(sent[uri].not_after, max(now, sent[uri].not_before) + timedelta(seconds=1))
        ),
    )


def _of_letters(parcels: list[Parcel], letters: list[DeadLetter]) -> Iterator[str]:
    """Compare: dead is exactly what was poison, each entry once, with its bytes and its cause."""
    by_mark = {mark(one.fields): one for one in parcels if one.poison}
    by_id = {(one.stream, at): one for one in by_mark.values() for at in one.entry_ids}
    found: dict[int, list[DeadLetter]] = defaultdict(list)
    for letter in letters:
        parcel = by_id.get((letter.stream, letter.entry_id)) or by_mark.get(mark(letter.original))
        if parcel is None:
            yield f"dead without guilt: {letter.entry_id}: {letter.cause}: {letter.reason[:200]}"
            continue
        found[id(parcel)].append(letter)
        if letter.original != parcel.fields:
            yield f"a dead letter without its bytes: {letter.entry_id}"
        if parcel.poison and letter.cause != parcel.poison.cause:
            yield f"dead of {letter.cause}, not {parcel.poison.cause}: {letter.reason[:200]}"
    yield from _named("dead twice", doubled(f"{one.stream} {one.entry_id}" for one in letters))
    for parcel in by_mark.values():
        parked = {letter.entry_id for letter in found[id(parcel)]}
        if not parked:
            yield f"poison without a dead letter: {parcel.entry_ids}"
        elif len(parked) > len(parcel.entry_ids) + parcel.unsure:
            yield f"more letters than entries: {sorted(parked)} of {parcel.entry_ids}"


def _of_files(room: Newsroom) -> Iterator[str]:
    """Compare: what was dropped is archived with a receipt that adds up, or aside with a reason."""
    receipts = {
        path.name.removesuffix(".receipt.json"): json.loads(path.read_text())
        for path in (room.rig.folder / "archive").rglob("*.receipt.json")
    }
    archived = {path.name for path in (room.rig.folder / "archive").rglob("*")}
    failed = room.rig.folder / "inbox" / ".failed"
    for name, file in room.files.items():
        if not file.good:
            aside = failed / name
            if not (aside.is_file() and aside.read_bytes() == file.data):
                yield f"an unreadable file is gone: {name}"
            elif not aside.with_name(f"{name}.reason.json").is_file():
                yield f"an unreadable file without its reason: {name}"
        elif name not in archived or name not in receipts:
            yield f"a file not archived: {name}"
        else:
            yield from _of_receipt(name, file, receipts[name])


def _of_receipt(name: str, file: Dropped, receipt: dict[str, Any]) -> Iterator[str]:
    taken = receipt["published"] + receipt["duplicate"]
    if (taken, receipt["failed"], receipt["records"]) != (file.good, file.bad, taken + file.bad):
        yield f"a receipt that does not add up: {name}: {taken} and {receipt['failed']}"


async def _of_books(room: Newsroom) -> list[str]:
    """Compare: reconcile finds what Redis was robbed of and what went past enrich, nothing else."""
    audit = await room.audit(accept="the sum knows of it")
    found = [one.what for one in audit.findings]
    if room.is_robbed:
        short = [] if found else ["reconcile missed that streams were deleted"]
    else:
        short = [what for what in found if what not in _past_enrich(room, audit.books)]
    left = (await room.audit()).findings
    return [f"reconcile: {what}" for what in short] + [f"not accepted: {one.what}" for one in left]


def _past_enrich(room: Newsroom, books: Books) -> set[str]:
    """Return what is rightly said of the poison that was sent to store alone."""
    stray = [parcel for parcel in room.parcels if parcel.stream == streams.ENRICHED]
    most = sum(len(parcel.entry_ids) + parcel.unsure for parcel in stray)
    count = gaps(books).handed_on
    if not len(stray) <= count <= most:
        return set()
    added = books.enriched.added
    figures = f"{added:,} were added, {added - count:,} handed on"
    return {
        f"{streams.ENRICHED}: {count:,} entries that enrich did not hand on ({figures})",
        f"producer {UNNAMED}: {count:,} articles ended that enrich never read",
    }


def doubled(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _named(what: str, which: Iterable[str]) -> Iterator[str]:
    """Yield one line for all of a kind, or none."""
    if names := sorted(which):
        yield f"{len(names)} {what}: {', '.join(names[:_SHOWN])}"
