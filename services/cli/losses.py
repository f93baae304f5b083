"""What is said of what does not add up: what, what may have happened, what to do. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from services.inspection.accounting import Books, FileCount, StreamCount, by_producer, gaps
from shared import streams

_NAMED: Final = 10


class Finding(NamedTuple):
    """Something that does not add up: what, what may have happened, what to do, and names."""

    what: str
    why: str
    todo: str
    names: Sequence[str] = ()


def findings(books: Books) -> list[Finding]:
    """Return what does not add up in Redis; exact at any moment, under load, too."""
    gap = gaps(books)
    if 0 < gap.raw == gap.handed_on + gap.letters:
        of_enrich = [_uncounted(gap.raw)]
    else:
        of_enrich = [*_of_stream(books.raw, gap.raw), *_of_hand_off(books, gap.handed_on)]
        of_enrich += _of_letters(books, gap.letters)
    return [*of_enrich, *_of_stream(books.enriched, gap.enriched), *_of_producers(books)]


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


def of_bad_receipt(receipt: str, why: str) -> Finding:
    """Return that a receipt cannot be read, so that nobody knows what it names."""
    return Finding(
        f"{receipt}: not a receipt ({why})",
        "it was cut off by a full or broken disk, or written by somebody else",
        "put it back from a backup, or drop the archived file into the inbox again and take the "
        "receipt away: what is stored already is not stored twice; accepting does not settle it",
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


def _uncounted(count: int) -> Finding:
    return Finding(
        f"{streams.RAW}: {count:,} entries were ended, and handed on or parked, by somebody who "
        "does not count",
        "an enrich of an earlier version is, or was, at work beside this one; nothing is lost",
        "once it has ended, `newsflow reconcile --accept REASON`",
    )


def _of_stream(flow: StreamCount, missing: int) -> list[Finding]:
    stream, done = flow.hop.source, flow.added - missing - flow.waiting
    figures = (
        f"{flow.added:,} were added; {done:,} ended, {flow.unread:,} unread, "
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


def _of_hand_off(books: Books, over: int) -> list[Finding]:
    if not over:
        return []
    stream, added = streams.ENRICHED, books.enriched.added
    figures = f"{added:,} were added, {added - over:,} handed on"
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


def _of_letters(books: Books, over: int) -> list[Finding]:
    if not over:
        return []
    figures = f"{books.letters:,} are there; {books.letters - over:,} should be"
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


def some(names: Sequence[str], most: int = _NAMED) -> str:
    """Return the first `most` of `names` in one line, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
