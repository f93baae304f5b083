"""Text in pieces: nothing is lost, whatever the spans say."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.console.marked import Piece, marked

TEXT = "Talks resume\nMOSCOW, July 20 (UNI) - The US and Kabul met in Kabul.\nEnd of wire"


def entity(name: str, *spans: tuple[int, int]) -> dict[str, Any]:
    return {"name": name, "mentions": [{"start": a, "end": b} for a, b in spans]}


def test_mentions_stand_within_dateline_text_and_footer() -> None:
    """Each region is a stretch; a mention links to its entity in whichever it stands."""
    moscow = entity("Moscow", (13, 19))
    kabul = entity("Kabul", (48, 53), (61, 66))
    article = {
        "text": TEXT,
        "dateline": {"start": 13, "end": 34},
        "footer": {"start": TEXT.index("End"), "end": len(TEXT)},
        "entities": [kabul, moscow],
    }

    found = marked(article)

    assert [stretch.region for stretch in found] == ["", "dateline", "", "footer"]
    assert found[1].pieces[0] == Piece("MOSCOW", "dateline", moscow)
    assert [p.text for p in found[2].pieces if p.entity is kabul] == ["Kabul", "Kabul"]


def test_of_mentions_that_overlap_the_longer_counts() -> None:
    """`Kabul University` is one mention, though `Kabul` begins there, too."""
    university = entity("Kabul University", (0, 16))
    article = {"text": "Kabul University opens", "entities": [entity("Kabul", (0, 5)), university]}

    [stretch] = marked(article)

    assert [piece.entity for piece in stretch.pieces] == [university, None]


@given(st.data())
def test_joined_they_are_the_text_again(data: st.DataObject) -> None:
    """Also where mentions overlap each other, or the edge of a region."""
    text = data.draw(st.text(min_size=1, max_size=60))
    span = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(
        lambda two: (min(two), max(two))
    )
    spans = data.draw(st.lists(span, max_size=8))
    footer = data.draw(st.integers(0, len(text)))
    article = {
        "text": text,
        "footer": {"start": footer, "end": len(text)},
        "entities": [entity("it", one) for one in spans],
    }

    pieces = [piece for stretch in marked(article) for piece in stretch.pieces]

    assert "".join(piece.text for piece in pieces) == text
