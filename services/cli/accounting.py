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

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from shared import streams
from shared.accounts import UNNAMED
from shared.streams import Hop

_NAMED: Final = 10


class Flow(NamedTuple):
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

    raw: Flow
    enriched: Flow
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


class Finding(NamedTuple):
    """Something that does not add up: what, what may have happened, what to do, and names."""

    what: str
    why: str
    todo: str
    names: Sequence[str] = ()


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


def findings(books: Books) -> list[Finding]:
    """Return what does not add up in Redis; exact at any moment, under load, too."""
    base = _bases(books)
    return [
        *_of_stream(books.raw, base.raw, books.counts),
        *_of_hand_off(books, base.passed),
        *_of_stream(books.enriched, base.enriched, books.counts),
        *_of_letters(books, base.letters),
        *_of_producers(books),
    ]


def open_files(files: Iterable[FileCount], *, at_rest: bool) -> list[FileCount]:
    """Return the files that do not add up: open at rest, or with more ends than articles."""
    return [one for one in files if one.open < 0 or (at_rest and one.open)]


def of_file(file: FileCount, missing: Sequence[str]) -> Finding:
    """Return what is wrong with a file, and which of its articles are `missing` everywhere."""
    if file.open < 0:
        return Finding(
            f"{file.path}: {-file.open:,} more ends than the {file.published:,} articles published",
            "its entries were read again: the consumer group was deleted and made anew",
            "nothing is lost: MongoDB has each article once; `--accept` to go on from here",
        )
    return Finding(
        f"{file.path}: {file.published:,} articles published, {file.ended:,} ended",
        "their entries were deleted from a stream before they were read",
        "drop the file into the inbox again: what is stored already is not stored twice",
        missing,
    )


def of_receipt(receipt: str, missing: Sequence[str], *, ended: bool) -> Finding:
    """Return that articles of a receipt are nowhere; `ended`: all of its file's were counted."""
    return Finding(
        f"{receipt}: {len(missing):,} articles are neither in MongoDB nor among the dead letters",
        "they were stored, and deleted in MongoDB since, or MongoDB was put back to an older state"
        if ended
        else "Redis forgot them before they were read (FLUSHALL, a lost disk), or they were "
        "deleted in MongoDB",
        "drop the archived file into the inbox again, or, where they were deleted on purpose, "
        "`newsflow reconcile --accept REASON`",
        missing,
    )


def of_messages(gone: Sequence[str], lost: Sequence[str]) -> list[Finding]:
    """Return what publishers were told that is not so: articles not there, messages without end."""
    found: list[Finding] = []
    if gone:
        found.append(
            Finding(
                f"{streams.RECEIPTS}: {len(gone):,} articles that it tells to be stored are not in "
                "MongoDB",
                "they were deleted there since, or MongoDB was put back to an older state",
                "have them sent again, or, where they were deleted on purpose, "
                "`newsflow reconcile --accept REASON`",
                gone,
            )
        )
    if lost:
        found.append(
            Finding(
                f"{streams.RECEIPTS}: {len(lost):,} messages were accepted and have no end",
                f"their entries of {streams.ENRICHED} were deleted",
                "have them sent again: what is stored already is not stored twice",
                lost,
            )
        )
    return found


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
    """Return the bases, as BEGIN in shared/redis_scripts.py would note them where it has not."""
    counts = books.counts
    parked, gone = _letters(counts)
    return _Bases(
        counts.get("enrich:base", _ended_before(books.raw, counts)),
        counts.get("enrich:passed", books.enriched.added - _passed(counts)),
        counts.get("store:base", _ended_before(books.enriched, counts)),
        counts.get("dead:base", books.letters - parked + gone),
    )


def _ended_before(flow: Flow, counts: Mapping[str, int]) -> int:
    if flow.read_to == "0-0":
        return 0
    return flow.added - flow.waiting - _ended(counts, flow.hop)


def _of_stream(flow: Flow, base: int, counts: Mapping[str, int]) -> list[Finding]:
    stream, ended = flow.hop.source, _ended(counts, flow.hop)
    missing = flow.added - base - ended - flow.waiting
    figures = (
        f"{flow.added:,} were added; {base + ended:,} ended, {flow.unread:,} unread, "
        f"{flow.pending:,} pending"
    )
    if missing > 0:
        return [
            Finding(
                f"{stream}: {missing:,} entries are gone that nobody had ended ({figures})",
                "they were deleted or trimmed before they were read, by XDEL, XTRIM, or a producer "
                "that sends MAXLEN; or a consumer of an earlier version, which does not count, is "
                "or was at work beside this one",
                "publish again what is missing; then `newsflow reconcile --accept REASON`",
            )
        ]
    if missing < 0:
        return [
            Finding(
                f"{stream}: {-missing:,} more entries ended than it ever had ({figures})",
                "the stream was deleted and made anew: what was unread in it then is lost; or only "
                "its group was: then entries were read twice, and nothing is lost",
                "publish again what was sent before; then `newsflow reconcile --accept REASON`",
            )
        ]
    return []


def _of_hand_off(books: Books, base: int) -> list[Finding]:
    passed = _passed(books.counts)
    over = books.enriched.added - base - passed
    if not over:
        return []
    stream = streams.ENRICHED
    figures = f"{books.enriched.added:,} were added, {base + passed:,} handed on"
    if over > 0:
        return [
            Finding(
                f"{stream}: {over:,} entries that enrich did not hand on ({figures})",
                "somebody else publishes there; or an enrich of an earlier version is at work",
                "`newsflow reconcile --accept REASON` once it has ended",
            )
        ]
    return [
        Finding(
            f"{stream}: {-over:,} entries fewer than enrich handed on ({figures})",
            "the stream was deleted and made anew: what was unread in it then is lost",
            "publish again what was sent before; then `newsflow reconcile --accept REASON`",
        )
    ]


def _of_letters(books: Books, base: int) -> list[Finding]:
    parked, gone = _letters(books.counts)
    over = books.letters - base - parked + gone
    if not over:
        return []
    figures = f"{books.letters:,} are there; {base + parked:,} were parked, {gone:,} taken away"
    if over > 0:
        return [
            Finding(
                f"{streams.DEAD}: {over:,} letters that no stage parked ({figures})",
                "somebody else adds to it; or a stage of an earlier version is at work",
                "`newsflow dead list` shows them; then `newsflow reconcile --accept REASON`",
            )
        ]
    return [
        Finding(
            f"{streams.DEAD}: {-over:,} letters are gone ({figures})",
            "they were deleted or trimmed by hand; their original bytes were nowhere else",
            "ask their publishers again; then `newsflow reconcile --accept REASON`",
        )
    ]


def _of_producers(books: Books) -> list[Finding]:
    """Return the producers whose articles are between enrich and store while nothing is there."""
    at_rest = not books.enriched.waiting
    wrong = {
        name: sums.in_flight
        for name, sums in by_producer(books).items()
        if sums.in_flight < 0 or (at_rest and sums.in_flight)
    }
    return [
        Finding(
            f"producer {name}: {abs(count):,} articles "
            + ("handed on by enrich have no end" if count > 0 else "ended that enrich never read"),
            f"entries of {streams.ENRICHED} were deleted, or read twice",
            "see what is said of the streams",
        )
        for name, count in wrong.items()
    ]


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


def some(names: Sequence[str], most: int = _NAMED) -> str:
    """Return the first `most` of `names` in one line, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
