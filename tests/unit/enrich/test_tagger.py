from collections.abc import Sequence
from pathlib import Path

import pytest
import spacy

from services.enrich.entities.mentions import Tag
from services.enrich.entities.network import Arithmetic, Name
from services.enrich.entities.tagger import Tagger, load_tagger
from services.enrich.tools import Tools
from shared.messages import Span, Tool

_STORY = "President Amina Odhiambo of Kenya met Angela Merkel in Berlin on Tuesday."


def _tag(tagger: Tagger, *texts: str) -> list[list[Tag]]:
    return tagger.tag([(text, [Span(start=0, end=len(text))]) for text in texts])


@pytest.fixture(scope="module")
def ruler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spaCy pipeline of someone else's: standard labels, and a component for other things."""
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    patterns = [
        {"label": label, "pattern": label.title()}
        for label in ("PERSON", "GPE", "NORP", "EVENT", "DATE")
    ]
    pipeline.add_pipe("entity_ruler", config={"phrase_matcher_attr": "ORTH"}).add_patterns(patterns)  # type: ignore[attr-defined]
    path = tmp_path_factory.mktemp("model")
    pipeline.to_disk(path)
    return path


def test_shipped_weights_find_persons_and_places(tools: Tools) -> None:
    """The names of an ordinary sentence are found where they stand."""
    [tags] = _tag(tools.tagger, _STORY)

    found = {(_STORY[tag.start : tag.end], tag.type) for tag in tags}
    assert {("Angela Merkel", "person"), ("Berlin", "place"), ("Kenya", "place")} <= found


def test_only_the_given_ranges_are_read(tools: Tools) -> None:
    """Offsets count in the text, whatever part of it is read."""
    text = f"Paris. {_STORY} Rome."
    start = text.index("President")

    [tags] = tools.tagger.tag([(text, [Span(start=start, end=len(text) - len(" Rome."))])])

    names = [text[tag.start : tag.end] for tag in tags]
    assert "Berlin" in names
    assert not {"Paris", "Rome"} & set(names)


def test_what_is_found_does_not_depend_on_the_company(tools: Tools) -> None:
    """A story is tagged alike alone and among others."""
    [alone] = _tag(tools.tagger, _STORY)

    among = _tag(tools.tagger, *["Rain fell in Rome."] * 20, _STORY, "", _STORY * 3)

    assert among[20] == alone
    assert among[21] == []


def test_text_longer_than_a_piece_is_read_to_its_end(tools: Tools) -> None:
    """However long it is, offsets count in the whole text."""
    text = "The rain went on. " * 700 + _STORY

    [tags] = _tag(tools.tagger, text)

    assert {text[tag.start : tag.end] for tag in tags} >= {"Angela Merkel", "Berlin", "Kenya"}


class _Spy:
    """A reader that finds nothing and remembers what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def read(self, texts: Sequence[str]) -> list[list[Name]]:
        self.batches.append(list(texts))
        return [[] for _ in texts]


def _given(*texts: str) -> list[list[str]]:
    spy = _Spy()
    _tag(Tagger(spy, Tool(name="spy", version="1")), *texts)
    return spy.batches


@pytest.mark.parametrize("end", ["\n", " "])
def test_long_text_is_cut_between_paragraphs_else_between_words(end: str) -> None:
    """No piece is longer than 10,000 characters, and none ends within a word if it can be."""
    text = f"It rained and rained.{end}" * 1_000

    pieces = [piece for batch in _given(text) for piece in batch]

    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 10_000
    assert all(piece.startswith(end) for piece in pieces[1:])


def test_paragraph_end_is_a_better_cut_than_a_blank() -> None:
    """A name stands in one paragraph."""
    text = f"{'It rained. ' * 600}\n{'It rained. ' * 600}"

    [pieces] = _given(text)

    assert [piece[0] for piece in pieces] == ["I", "\n"]


@pytest.mark.parametrize("text", ["(" * 30_000, "Aa" * 15_000, "'s" * 15_000])
def test_giant_word_is_blank_to_the_pipeline(text: str) -> None:
    """What has no blank in 256 characters is no name; spaCy would take minutes over it."""
    [pieces] = _given(f"{text} Rain fell.")

    assert "".join(pieces) == f"{' ' * len(text)} Rain fell."


def test_batch_is_bounded_in_pieces_and_characters() -> None:
    """Neither many short texts nor one long take more memory."""
    short = _given(*["Rain."] * 40)
    long = _given("It rained. " * 20_000)

    assert [len(batch) for batch in short] == [16, 16, 8]
    assert max(sum(map(len, batch)) for batch in long) <= 50_000


def test_any_spacy_pipeline_can_be_named(ruler: Path) -> None:
    """Standard labels are understood, those that name nothing are passed over."""
    tagger = load_tagger(str(ruler))
    text = "Person Gpe Norp Event Date"

    [tags] = _tag(tagger, text)

    assert [(text[tag.start : tag.end], tag.type) for tag in tags] == [
        ("Person", "person"),
        ("Gpe", "place"),
        ("Norp", "group"),
        ("Event", "other"),
    ]


def test_pipeline_that_is_not_there_is_an_error() -> None:
    """SpaCy says what it looked for."""
    with pytest.raises(OSError, match="no_such_pipeline"):
        load_tagger("no_such_pipeline")


def test_pipeline_that_finds_no_names_is_an_error(tmp_path: Path) -> None:
    """Articles would silently have no entities."""
    spacy.blank("en").to_disk(tmp_path)

    with pytest.raises(ValueError, match="finds no names"):
        load_tagger(str(tmp_path))


@pytest.mark.parametrize("arithmetic", ["float32", "int8"])
def test_weights_name_themselves(arithmetic: Arithmetic) -> None:
    """Documents say which weights tagged them, and by which arithmetic."""
    tool = load_tagger(arithmetic=arithmetic).tool

    assert tool == Tool(name="ner-newswire", version=f"1.0.0.{arithmetic}")
