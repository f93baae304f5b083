from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Thread
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.enrich.entities.mentions import Tag
from services.enrich.entities.tagger import Tagger
from services.enrich.handler import Tools, enrich, load_tools, pass_on
from services.enrich.topics.lexicon import LexiconError
from shared.errors import PermanentError
from shared.messages import EnrichedArticle
from tests.unit.enrich.stories import (
    DATELINE,
    FOOTER,
    FRENCH,
    HEADLINE,
    RECEIVED,
    WIRE,
    article,
    at,
    read,
    texts,
)

_SCRIPTS = "Kabul's Zoë (AFP) — US-led\n 2021, 😀é\u0301İשלוםخبر李.“U.N.”"


def test_wire_story_is_read_from_end_to_end(tools: Tools) -> None:
    """Headline, dateline, footer, language, entities and topics of one article."""
    enriched = read(tools, WIRE)

    assert (enriched.headline, enriched.language) == (HEADLINE, "en")
    assert enriched.dateline is not None
    assert enriched.dateline.text == DATELINE
    assert (enriched.dateline.place, enriched.dateline.date) == ("Nairobi", date(2021, 3, 3))
    assert enriched.dateline.agencies == ("Reuters", "KNA")
    assert at(WIRE, enriched.footer) == FOOTER
    assert enriched.topics[0].name == "economy, business and finance"
    assert enriched.article_id == enriched.article.article_id
    assert enriched.enriched_at == RECEIVED


def test_what_is_passed_on_unread_has_the_publishers_word_and_no_tool() -> None:
    """The language's subtag; no dateline, no tags, no signature."""
    sent = article(WIRE).model_copy(update={"language": "en-GB", "headline": "As sent"})

    [unread] = pass_on([sent], now=RECEIVED)

    assert (unread.headline, unread.language, unread.tools) == ("As sent", "en", {})
    assert (unread.dateline, unread.entities, unread.topics) == (None, (), ())
    assert unread.signature is None
    assert (unread.article, unread.article_id) == (sent, sent.article_id)


def test_entities_bring_their_mentions_together(tools: Tools) -> None:
    """Names of one thing are one entity, of one type, in the order of salience."""
    found = {entity.name: entity for entity in read(tools, WIRE).entities}

    assert list(found)[:2] == ["Kenya", "United States"]
    assert set(texts(found["United States"])) == {"US", "United States"}
    assert set(texts(found["Kenya"])) == {"Kenya", "Kenyan"}
    assert texts(found["Amina Odhiambo"]) == ["Amina Odhiambo", "Odhiambo"]
    assert set(texts(found["World Food Programme"])) == {"World Food Programme", "WFP"}
    assert (found["Nairobi"].role, found["KNA"].role) == ("dateline", "agency")


def test_footer_is_kept_but_not_read(tools: Tools) -> None:
    """The publisher's own words stay in the text and tag nothing."""
    enriched = read(tools, WIRE)

    assert enriched.article.text == WIRE
    assert enriched.footer is not None
    ends = [mention.end for entity in enriched.entities for mention in entity.mentions]
    assert max(ends) <= enriched.footer.start


def test_every_annotation_names_what_made_it(tools: Tools) -> None:
    """A tag can be checked: tool and version, with a hash of the tables."""
    made_by = read(tools, WIRE).tools

    assert {made: tool.name for made, tool in made_by.items()} == {
        "language": "pycld2",
        "text": "rules",
        "entities": "ner-newswire",
        "topics": "lexicon",
        "signature": "minhash",
    }
    assert made_by["entities"].version.startswith("1.1.0.float32+rules.")
    assert made_by["topics"] == tools.topics.tool


def test_other_language_is_told_and_signed_and_nothing_else(tools: Tools) -> None:
    """Only English is read for entities, topics, quotes; re-runs are known in every language."""
    enriched = read(tools, FRENCH, headline="Une rencontre à Paris")

    assert (enriched.language, enriched.headline) == ("fr", "Une rencontre à Paris")
    assert (enriched.entities, enriched.topics, enriched.dateline) == ((), (), None)
    assert enriched.signature is not None
    assert enriched.quotes == ()
    assert set(enriched.tools) == {"language", "text", "signature"}


def test_other_language_is_not_tagged(tools: Tools) -> None:
    """The tagger, which takes nine tenths of the time, is given English only."""
    stories: list[str] = []

    class Spy:
        def tag(self, given: Sequence[tuple[str, object]]) -> list[list[Tag]]:
            stories.extend(text for text, _ in given)
            return [[] for _ in given]

    spied = replace(tools, tagger=cast(Tagger, Spy()))

    enrich([article(FRENCH), article(WIRE)], tools=spied, now=RECEIVED)

    assert stories == ["", WIRE]


def test_flash_that_is_a_headline_only_is_tagged(tools: Tools) -> None:
    """The shortest of news is news."""
    enriched = read(tools, "", headline="Blast heard in central Kabul")

    assert (enriched.headline, enriched.language) == ("Blast heard in central Kabul", "en")
    assert [(entity.name, entity.type) for entity in enriched.entities] == [("Kabul", "place")]


def test_kill_without_text_is_passed_on(tools: Tools) -> None:
    """A cancellation has nothing to read and is no error."""
    enriched = read(tools, "", uri="urn:example:1", pub_status="canceled")

    assert (enriched.headline, enriched.language, enriched.entities) == (None, None, ())
    assert (enriched.signature, set(enriched.tools)) == (None, {"text"})


def test_results_stand_in_the_order_of_the_articles(tools: Tools) -> None:
    """Whatever language each is in, and none is none."""
    bodies = [WIRE, FRENCH, "Rain fell in Rome.", WIRE]

    results = enrich([article(body) for body in bodies], tools=tools, now=RECEIVED)

    assert [
        result.article.text for result in results if isinstance(result, EnrichedArticle)
    ] == bodies
    assert enrich([], tools=tools, now=RECEIVED) == []


def test_article_that_is_too_long_harms_no_other(tools: Tools) -> None:
    """It is refused with its length, its neighbours are read."""
    articles = [article("Rain fell in Rome."), article("x" * 5_000_001), article(WIRE)]

    before, refused, after = enrich(articles, tools=tools, now=RECEIVED)

    assert isinstance(before, EnrichedArticle)
    assert isinstance(after, EnrichedArticle)
    assert isinstance(refused, PermanentError)
    assert str(refused) == "text too long: 5000001 characters, at most 5000000"


def test_article_is_read_alike_alone_and_again_and_in_another_thread(tools: Tools) -> None:
    """The same article and tools make the same document, so that a redelivery changes nothing."""
    results = []
    thread = Thread(target=lambda: results.append(read(tools, WIRE)))
    thread.start()
    thread.join()

    _, again, _ = enrich(
        [article(body) for body in (FRENCH, WIRE, "Rain.")], tools=tools, now=RECEIVED
    )

    assert results == [again] == [read(tools, WIRE)]


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    headline=st.none() | st.text(min_size=1, max_size=40),
    body=st.text(min_size=1, max_size=200) | st.text(_SCRIPTS, min_size=1, max_size=200),
)
def test_mentions_are_what_the_text_says_there(
    tools: Tools, headline: str | None, body: str
) -> None:
    """text[start:end] is the mention, for any script, emoji, accents and lines."""
    if not f"{headline or ''}{body}".split():
        return

    enriched = read(tools, body, headline=headline, language="en")

    text = enriched.article.text
    mentions = [mention for entity in enriched.entities for mention in entity.mentions]
    assert [text[at.start : at.end] for at in mentions] == [at.text for at in mentions]
    if dateline := enriched.dateline:
        assert text[dateline.start : dateline.end] == dateline.text
    assert all(entity.count == len(entity.mentions) for entity in enriched.entities)


@pytest.mark.parametrize(
    "body",
    [
        "Kabul " * 6_000,
        "\n".join(["Ada Okoro"] * 3_000),
        " ".join(f"A{number} Okoro met Okoro." for number in range(1_000)),
        "A" * 100_000,
        "LONDON, " * 4_000,
        ".\n" * 4_000,
        "\u202eKabul\u202c 😀 " * 1_000,
    ],
    ids=["one name", "one a line", "one surname", "one word", "commas", "lines", "marks"],
)
def test_strange_text_is_read_like_any_other(tools: Tools, body: str) -> None:
    """Size and repetition are no error, and mentions hold to the end."""
    enriched = read(tools, body, headline="Rain", language="en")

    text = enriched.article.text
    assert all(
        text[mention.start : mention.end] == mention.text
        for entity in enriched.entities
        for mention in entity.mentions
    )


def test_newsroom_may_bring_its_own_topics(tmp_path: Path) -> None:
    """The lexicon is a file."""
    own = tmp_path / "desk.toml"
    own.write_text('[sport]\nid = "medtop:15000000"\nname = "sport"\nphrases = "tariff"\n')

    enriched = read(load_tools(topics_file=own), WIRE)

    assert [topic.name for topic in enriched.topics] == ["sport"]


def test_wrong_lexicon_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    """The service does not start with topics that cannot be right."""
    own = tmp_path / "desk.toml"
    own.write_text('[sport]\nid = "15"\nname = "sport"\n')

    with pytest.raises(LexiconError, match=r"desk\.toml:2: \[sport\]: id: no Media Topic"):
        load_tools(topics_file=own)
