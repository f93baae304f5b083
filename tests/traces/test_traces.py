"""One trace follows an article from its file, or its message, to its document."""

import json
from typing import Any

import pytest
from opentelemetry.trace import TraceFlags

from shared import streams
from shared.letters import deadletters
from tests.contract.services_in_process import dead, until
from tests.traces.collector import Span
from tests.traces.conftest import Traced

TELLTALE = "Quicksilver"  # a word of every article: no span may hold it
OURS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"  # of the W3C's own text


def article(uri: str, **fields: Any) -> str:
    said = {"headline": f"{TELLTALE} found", "body": f"The {TELLTALE} lay in Lima, Peru."}
    return json.dumps({"uri": uri, **said, **fields})


async def publish(traced: Traced, data: str, **beside: str) -> bytes:
    entry_id: bytes = await traced.redis.xadd(streams.RAW, {"data": data, **beside})
    return entry_id


def below(span: Span, name: str, spans: list[Span]) -> Span:
    """Return the one span of this name whose parent is `span`, in its trace."""
    [child] = [
        one for one in spans if (one.name, one.trace, one.parent) == (name, span.trace, span.id)
    ]
    return child


async def test_a_file_and_a_message_are_each_one_trace_to_the_document(traced: Traced) -> None:
    """Parents, kinds, attributes and links are right; nothing of the text is told."""
    traced.start("ingest", "enrich", "store", OTEL_RESOURCE_ATTRIBUTES="deployment=test")
    (traced.folder / "inbox" / "wire.json").write_text(article("urn:file"))
    await traced.stored(1)
    entry_id = await publish(traced, article("urn:message"), traceparent=OURS)
    await traced.stored(2)
    await traced.spans("process articles.enriched", 2)
    [file] = await traced.spans("ingest file")
    await traced.spans("store", 2)
    await traced.spans("publish articles.enriched", 2)

    spans = traced.collector.spans
    published = below(file, "publish articles.raw", spans)
    first = below(published, "process articles.raw", spans)
    [second] = [
        one
        for one in await traced.spans("process articles.raw", 2)
        if one.attributes["messaging.message.id"] == entry_id.decode()
    ]
    assert (file.parent, file.attributes["file.path"]) == ("", "wire.json")
    assert [file.attributes[f"newsflow.{name}"] for name in ("records", "published")] == [1, 1]
    assert f"00-{second.trace}-{second.parent}-01" == OURS
    assert published.attributes["messaging.operation.type"] == "send"
    for read in (first, second):
        sent = below(read, "publish articles.enriched", spans)
        stored = below(sent, "process articles.enriched", spans)
        batch = below(stored, "store", spans)
        kinds = [one.kind for one in (read, sent, stored, batch)]
        assert kinds == ["consumer", "producer", "consumer", "internal"]
        assert (stored.trace, stored.id) in batch.links
        assert (batch.trace, batch.id) in stored.links
        told = [one.attributes["newsflow.status"] for one in (read, stored)]
        assert told == ["enriched", "stored"]
        assert stored.attributes["messaging.system"] == "redis"
        assert stored.attributes["messaging.destination.name"] == "articles.enriched"
        assert stored.attributes["messaging.consumer.group.name"] == "store"
        assert stored.attributes["messaging.operation.type"] == "process"
        revision = stored.attributes["newsflow.revision"]
        assert revision.startswith(stored.attributes["newsflow.article_id"])
        assert stored.resource["service.name"] == "newsflow-store"
        assert stored.resource["deployment"] == "test"
    assert TELLTALE not in "".join(span.text for span in spans)


async def test_each_further_attempt_at_an_article_goes_on_with_its_trace(traced: Traced) -> None:
    """The attempt that died says why, without the text; the next is below it, and links to it.

    So does what a killed process left: that had told nothing yet, the next is a second delivery.
    """
    await traced.redis.xgroup_create(streams.RAW, "enrich", "0", mkstream=True)
    left = await publish(traced, article("urn:left"), traceparent=OURS)
    await traced.redis.xreadgroup("enrich", "killed", {streams.RAW: ">"})
    traced.start("enrich", "store", NEWSFLOW_READ_LATER="true", OTEL_SERVICE_NAME="desk")
    bad = article("urn:bad", published_at=f"{TELLTALE} o'clock")
    await publish(traced, bad, traceparent=OURS)

    async def died() -> bool:
        return bool(await dead(traced.redis))

    await until(died, within_s=40)
    [letter] = await dead(traced.redis)
    await deadletters.replay(traced.redis, letter, data=article("urn:bad").encode())
    await traced.stored(2)

    attempts = await traced.spans("process articles.raw", 3)
    second = next(
        one for one in attempts if one.attributes["messaging.message.id"] == left.decode()
    )
    failed, again = [one for one in attempts if one is not second]
    stored, _ = await traced.spans("process articles.enriched", 2)
    assert second.attributes["newsflow.deliveries"] == 2
    assert f"00-{second.trace}-{second.parent}-01" == OURS
    assert letter.traceparent == failed.traceparent
    assert failed.attributes["newsflow.status"] == "dead"
    assert failed.error is not None
    assert failed.error.startswith("`published_at`: input should be a valid datetime")
    assert (again.trace, again.parent) == (failed.trace, failed.id)
    assert again.links[0] == (failed.trace, failed.id)
    assert {span.trace for span in (failed, again, stored)} == {OURS.split("-")[1]}
    assert failed.resource["service.name"] == "desk"
    assert TELLTALE not in "".join(span.text for span in traced.collector.spans)


async def test_a_file_of_many_articles_is_not_one_trace(traced: Traced) -> None:
    """The first hundred are in the file's; the others have their own, with a link to it."""
    lines = [article(f"urn:{number}") for number in range(102)]
    traced.start("ingest")
    (traced.folder / "inbox" / "many.jsonl").write_text("\n".join(lines))
    [file] = await traced.spans("ingest file")
    published = await traced.spans("publish articles.raw", 102)

    own = [span for span in published if span.trace != file.trace]
    assert [span.parent for span in own] == ["", ""]
    assert [span.links for span in own] == [((file.trace, file.id),)] * 2
    assert len({span.trace for span in published}) == 3


@pytest.mark.long
async def test_the_sdks_sampler_is_honoured(traced: Traced) -> None:
    """Off, nothing is sent, and the entries still say that they are not to be sampled."""
    traced.start("ingest", OTEL_TRACES_SAMPLER="always_off")
    (traced.folder / "inbox" / "wire.json").write_text(article("urn:file"))

    async def published() -> bool:
        return bool(await traced.redis.xlen(streams.RAW))

    await until(published, within_s=40)
    assert traced.stop() == [0]
    [[_, fields]] = await traced.redis.xrange(streams.RAW)
    flags = int(fields[b"newsflow.traceparent"].split(b"-")[-1], 16)
    assert flags & TraceFlags.SAMPLED == 0
    assert traced.collector.requests == 0
