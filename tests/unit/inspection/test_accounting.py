"""The arithmetic of reconciling, without Redis."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.cli.losses import findings, of_file, some
from services.inspection.accounting import (
    Books,
    FileCount,
    StreamCount,
    by_producer,
    open_files,
    totals,
)
from shared.streams import ENRICH, STORE

counts = st.integers(0, 1_000)


@st.composite
def books(draw: st.DrawFn) -> Books:
    """Books that add up: every number drawn, and the others made of them."""
    passed, refused, back, again = (draw(counts) for _ in range(4))
    stored, updated, duplicate, died, purged = (draw(counts) for _ in range(5))
    raw_base, carried, letters, base = (draw(counts) for _ in range(4))
    unread, pending = draw(counts), draw(counts)
    ended = stored + updated + duplicate + died
    waiting = passed + again + carried - ended
    if waiting < 0:
        passed, waiting = passed - waiting, 0
    parked, gone = refused + died, back + again + purged
    if letters + parked < gone:
        letters = gone - parked
    known = {
        "since": 1,
        "enrich:base": raw_base,
        "enrich:passed": base + carried,
        "store:base": base,
        "dead:base": letters,
        "dead:parked": parked,
        "dead:replayed": back + again,
        "dead:purged": purged,
    }
    for of in ("", "@unnamed"):
        known |= {f"enrich:enriched{of}": passed, f"enrich:dead{of}": refused}
        known |= {f"store:stored{of}": stored, f"store:updated{of}": updated}
        known |= {f"store:duplicate{of}": duplicate, f"store:dead{of}": died}
        known |= {f"articles.raw:replayed{of}": back, f"articles.enriched:replayed{of}": again}
        known[f"dead:purged{of}"] = purged
    raw = StreamCount(
        ENRICH, raw_base + passed + refused + unread + pending, unread, pending, "1-1"
    )
    enriched = StreamCount(STORE, base + carried + passed + again, 0, waiting, "1-1")
    return Books(raw, enriched, letters + parked - gone, known)


@given(books())
def test_books_that_add_up_have_no_findings(kept: Books) -> None:
    """Whatever the numbers are, replays, purges and what was before included."""
    assert findings(kept) == []
    assert totals(kept).missing == 0
    assert by_producer(kept)["unnamed"].in_flight == kept.enriched.waiting


@given(books(), st.sampled_from(["raw", "enriched"]), st.integers(1, 5))
def test_one_entry_too_few_or_too_many_is_found(kept: Books, name: str, by: int) -> None:
    """No other number hides it."""
    flow: StreamCount = getattr(kept, name)
    replace: Any = kept._replace  # by a name that is drawn
    short = replace(**{name: flow._replace(unread=flow.unread - by)})
    over = replace(**{name: flow._replace(unread=flow.unread + by)})

    assert f"{flow.hop.source}: {by:,} entries are gone" in findings(short)[0].what
    assert f"{flow.hop.source}: {by:,} more entries ended" in findings(over)[0].what
    assert (totals(short).missing, totals(over).missing) == (by, -by)


@given(books(), st.sampled_from([-1, 1]))
def test_letters_that_nobody_counted_are_found(kept: Books, by: int) -> None:
    """Taken away or added by hand."""
    [finding] = findings(kept._replace(letters=kept.letters + by))

    assert finding.what.startswith("articles.dead: 1 letters")
    assert ("are gone" in finding.what) == (by < 0)


def test_a_second_stream_made_anew_is_found() -> None:
    """Enrich handed on more than the stream ever had."""
    raw = StreamCount(ENRICH, 5, 0, 0, "1-1")
    begun = {"enrich:base": 0, "enrich:passed": 0, "store:base": 0, "dead:base": 0}
    kept = Books(raw, StreamCount(STORE, 2, 2, 0), 0, {**begun, "enrich:enriched": 5})

    whats = [finding.what for finding in findings(kept)]

    assert any("articles.enriched: 3 entries fewer than enrich handed on" in what for what in whats)


@given(books(), st.integers(1, 5), st.integers(0, 5))
def test_what_an_earlier_version_ended_is_told_from_a_loss(
    kept: Books, handed: int, parked: int
) -> None:
    """Its entries are gone from the first stream, and are where they belong."""
    raw, enriched = kept.raw, kept.enriched
    beside = kept._replace(
        raw=raw._replace(added=raw.added + handed + parked),
        enriched=enriched._replace(
            added=enriched.added + handed, pending=enriched.pending + handed
        ),
        letters=kept.letters + parked,
    )

    finding = findings(beside)[0]

    assert f"{handed + parked:,} entries were ended" in finding.what
    assert finding.why.endswith("nothing is lost")


def test_an_open_file_is_wrong_at_rest_and_one_of_too_many_ends_always() -> None:
    """While articles are on their way a file may be open."""
    short, even, over = FileCount("a", 3, 2), FileCount("b", 3, 3), FileCount("c", 3, 4)

    assert open_files([short, even, over], at_rest=False) == [over]
    assert open_files([short, even, over], at_rest=True) == [short, over]
    assert of_file(over, []).what == "c: 1 more ends than the 3 articles published"


def test_many_names_are_cut() -> None:
    """Ten, and how many more."""
    assert some([str(number) for number in range(12)], 2) == "0, 1 and 10 more"
