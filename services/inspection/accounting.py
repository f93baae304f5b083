"""Whether what came in has come to an end: the arithmetic of `newsflow reconcile`. Pure.

    accepted = stored + updated + duplicate + dead + purged + in flight

What was ended is counted by our scripts; what came in, what waits and what lies among the dead
letters, by Redis itself. So the two can disagree, and where they do, something is lost:

    a stream       entries it ever had  = ended before we counted + ended + unread + pending
    between two    entries it ever had  = there before we counted + handed on + replayed
    dead letters   letters there        = there before we counted + parked - replayed - purged
    a producer     handed on + replayed - ended  = what is in flight behind enrich: never below 0
    a file         published            = ended, once nothing is in flight
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from shared import streams
from shared.entries.accounts import UNNAMED
from shared.streams import Hop


class StreamCount(NamedTuple):
    """A stream and its group, as Redis counts them: entries ever added, unread, and pending.

    `read_to` is the id of the last entry that was read, 0-0 before the first.
    """

    hop: Hop
    added: int
    unread: int
    pending: int
    read_to: str = "0-0"

    @property
    def waiting(self) -> int:
        """How many entries have no end yet."""
        return self.unread + self.pending


class Books(NamedTuple):
    """All that has to add up, at one moment; `counts` is `articles.accounts`."""

    raw: StreamCount
    enriched: StreamCount
    letters: int
    counts: Mapping[str, int]

    @property
    def in_flight(self) -> int:
        """How many entries are on their way."""
        return self.raw.waiting + self.enriched.waiting

    @property
    def at_rest(self) -> bool:
        """Whether everything has come to its end."""
        return self.in_flight == 0


class Sums(NamedTuple):
    """Articles by what became of them; `accepted` is counted apart from the others."""

    accepted: int
    stored: int
    updated: int
    duplicate: int
    dead: int
    purged: int
    in_flight: int

    @property
    def missing(self) -> int:
        """How many were accepted and are nowhere; below 0: more ended than were accepted."""
        return self.accepted - sum(self[1:])


class FileCount(NamedTuple):
    """A file: how many of its articles were published, how many of them have ended."""

    path: str
    published: int
    ended: int
    purged: int = 0  # of the ended: dead letters that were thrown away
    receipt: str = ""  # below the archive

    @property
    def open(self) -> int:
        """How many of its articles have no end."""
        return self.published - self.ended


class Gaps(NamedTuple):
    """By how much each equation fails, in entries; all are 0 when it adds up."""

    raw: int  # added and neither ended nor waiting
    handed_on: int  # on the second stream and not handed on by enrich
    enriched: int  # added and neither ended nor waiting
    letters: int  # there and not parked by a stage


def gaps(books: Books) -> Gaps:
    """Return by how much the equations of Redis fail; exact at any moment."""
    base, counts = _bases(books), books.counts
    parked, gone = _letters(counts)
    raw, enriched = books.raw, books.enriched
    return Gaps(
        raw.added - base.raw - _ended(counts, raw.hop) - raw.waiting,
        enriched.added - base.passed - _passed(counts),
        enriched.added - base.enriched - _ended(counts, enriched.hop) - enriched.waiting,
        books.letters - base.letters - parked + gone,
    )


def totals(books: Books) -> Sums:
    """Return the sums of all articles since the counting began."""
    count, base = books.counts.get, _bases(books)
    came = books.raw.added - base.raw - count(f"{streams.RAW}:replayed", 0)
    return Sums(
        came + base.carried + base.letters,
        *_stored(books.counts, ""),
        dead=books.letters,
        purged=count("dead:purged", 0),
        in_flight=books.in_flight,
    )


def by_producer(books: Books) -> dict[str, Sums]:
    """Return the sums of each producer's articles, of those that enrich has ended."""
    names = {name.partition("@")[2] for name in books.counts if "@" in name}
    return {name: _of_producer(books, name) for name in sorted(names)}


def open_files(files: Iterable[FileCount], *, at_rest: bool) -> list[FileCount]:
    """Return the files that do not add up: open at rest, or with more ends than articles."""
    return [one for one in files if one.open < 0 or (at_rest and one.open)]


class _Bases(NamedTuple):
    """What there was before anything was counted."""

    raw: int  # entries ended
    passed: int  # entries on the second stream
    enriched: int  # of these, ended
    letters: int

    @property
    def carried(self) -> int:
        """How many entries were between enrich and store."""
        return self.passed - self.enriched


def _bases(books: Books) -> _Bases:
    """Return the bases, as BEGIN in redis_scripts.py would note them where it has not."""
    counts = books.counts
    parked, gone = _letters(counts)
    return _Bases(
        counts.get("enrich:base", _ended_before(books.raw, counts)),
        counts.get("enrich:passed", books.enriched.added - _passed(counts)),
        counts.get("store:base", _ended_before(books.enriched, counts)),
        counts.get("dead:base", books.letters - parked + gone),
    )


def _ended_before(flow: StreamCount, counts: Mapping[str, int]) -> int:
    if flow.read_to == "0-0":
        return 0
    return flow.added - flow.waiting - _ended(counts, flow.hop)


def _of_producer(books: Books, name: str) -> Sums:
    counts, of = books.counts, f"@{name}"
    back = counts.get(f"{streams.RAW}:replayed{of}", 0)
    again = counts.get(f"{streams.ENRICHED}:replayed{of}", 0)
    passed = counts.get(f"enrich:enriched{of}", 0)
    parked = counts.get(f"enrich:dead{of}", 0) + counts.get(f"store:dead{of}", 0)
    purged, lost = counts.get(f"dead:purged{of}", 0), counts.get(f"lost{of}", 0)
    # What was there before the counters has no name.
    base = _bases(books)
    before, letters = (base.carried, base.letters) if name == UNNAMED else (0, 0)
    accepted = passed + counts.get(f"enrich:dead{of}", 0) - back + before + letters - lost
    ends = (*_stored(counts, of), parked - back - again - purged + letters, purged)
    return Sums(accepted, *ends, in_flight=accepted - sum(ends))


def _stored(counts: Mapping[str, int], of: str) -> tuple[int, int, int]:
    stored, updated, duplicate = (
        counts.get(f"store:{status}{of}", 0) for status in ("stored", "updated", "duplicate")
    )
    return stored, updated, duplicate


def _ended(counts: Mapping[str, int], hop: Hop) -> int:
    ends = ("enriched", "stored", "updated", "duplicate", "dead")
    return sum(counts.get(f"{hop.stage}:{status}", 0) for status in ends)


def _passed(counts: Mapping[str, int]) -> int:
    return counts.get("enrich:enriched", 0) + counts.get(f"{streams.ENRICHED}:replayed", 0)


def _letters(counts: Mapping[str, int]) -> tuple[int, int]:
    """Return how many letters were parked, and how many taken away."""
    gone = counts.get("dead:replayed", 0) + counts.get("dead:purged", 0)
    return counts.get("dead:parked", 0), gone
