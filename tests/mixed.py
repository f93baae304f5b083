"""Messages of every kind that ask for receipts, and whether each receipt is true."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from faststream.redis import RedisBroker
from redis.asyncio import Redis

from shared import streams
from tests.builders import NOON

REJECTED: tuple[tuple[dict[str, str | bytes], str, str], ...] = (
    ({"data": "{"}, "", "json_invalid"),
    ({"data": '{"headline": 5, "body": "x"}'}, "/headline", "string_type"),
    ({"data": '{"body": "x", "urgency": 12}'}, "/urgency", "less_than_equal"),
    ({"data": '{"body": "x", "subjects": [{"id": "a"}, {}]}'}, "/subjects/1", "value_error"),
    ({"data": "{}"}, "", "value_error"),
    ({"data": "[]"}, "", "model_type"),
    ({"neither": "one nor the other"}, "", "invalid"),
    ({"headline": b"\xff"}, "", "invalid"),
)

KINDS = ("good", "good", "twice", "versions", "kill", "withheld", "flat", "faststream", "bad")


@dataclass(frozen=True)
class Sent:
    """A message, and what is to come of it: the same `says` is the same version, else rejected."""

    message_id: str
    fields: Mapping[str, str | bytes]
    uri: str = ""
    says: str = ""
    pointer: str = ""
    rule: str = ""
    by_faststream: bool = False


def messages(count: int, chance: random.Random) -> list[Sent]:
    """Return `count` messages: good, twice, older and newer, killed, withdrawn, flat, and bad."""
    sent: list[Sent] = []
    while len(sent) < count:
        number = len(sent)
        uri = f"urn:test:{number}"
        match chance.choice(KINDS):
            case "good":
                sent.append(_good(number, uri))
            case "twice":
                sent += [_good(number + at, uri) for at in range(2)]
            case "versions":
                hours = chance.sample(range(5), 3)
                sent += [_good(number + at, uri, hour=hour) for at, hour in enumerate(hours)]
            case "kill":
                sent.append(_good(number, uri))
                sent.append(_good(number + 1, uri, hour=9, pub_status="canceled"))
            case "withheld":
                sent.append(_good(number, uri, pub_status="withheld"))
            case "flat":
                flat = {"headline": f"Storm {number}", "body": "It rained.", "uri": uri}
                sent.append(Sent(f"m{number}", flat, uri, "flat"))
            case "faststream":
                one = _good(number, uri)
                sent.append(Sent(one.message_id, one.fields, uri, one.says, by_faststream=True))
            case _:
                fields, pointer, rule = chance.choice(REJECTED)
                sent.append(Sent(f"m{number}", fields, pointer=pointer, rule=rule))
    return sent[:count]


def _good(number: int, uri: str, *, hour: int = 0, **more: str) -> Sent:
    article = {
        "uri": uri,
        "headline": f"Storm reaches Oslo in hour {hour}",
        "body": "OSLO (Test Wire) - A storm closed the port on Monday, police said.",
        "updated_at": (NOON + timedelta(hours=hour)).isoformat(),
        **more,
    }
    data = json.dumps(article)
    return Sent(f"m{number}", {"data": data}, uri, data)


async def send(redis: Redis, url: str, sent: Sequence[Sent]) -> None:
    """Publish each as its kind of producer would."""
    client: Any = redis
    async with RedisBroker(url) as broker:
        for one in sent:
            asked: dict[str, str | bytes] = {"message_id": one.message_id, "producer": "wire"}
            if one.by_faststream:
                article = json.loads(one.fields["data"])
                headers = {name: str(value) for name, value in asked.items()}
                await broker.publish(article, stream=streams.RAW, headers=headers)
            else:
                await client.xadd(streams.RAW, {**one.fields, **asked})


async def told(redis: Redis) -> list[dict[str, str]]:
    """Return all receipts, in order."""
    client: Any = redis
    return [
        {name.decode(): value.decode() for name, value in fields.items()}
        for _, fields in await client.xrange(streams.RECEIPTS)
    ]


def untruths(
    sent: Sequence[Sent], receipts: Sequence[Mapping[str, str]], database: Any
) -> list[str]:
    """Return what receipts say that is not so, or do not say; [] is what a test wants."""
    accepted = {one["message_id"]: one for one in receipts if one["status"] == "accepted"}
    finals = [one for one in receipts if one["status"] != "accepted"]
    final = {one["message_id"]: one for one in finals}
    if {one.message_id for one in sent} != final.keys() or len(finals) != len(sent):
        return [f"{len(sent)} messages have {len(finals)} receipts"]
    heads = {head["uri"]: head for head in database["articles"].find()}
    revisions = {one["_id"]: one for one in database["article_revisions"].find()}
    found: list[str] = []
    for one in sent:
        says = final[one.message_id]
        if one.rule:
            found += _wrong_rejection(one, says)
        elif accepted[one.message_id]["revision"] != says["revision"]:
            found.append(f"{one.message_id} was accepted as another revision")
        else:
            there = revisions.get(says["revision"], {})
            found += _wrong_end(one, says, there, heads.get(one.uri, {}))
    good = [(one.uri, final[one.message_id]) for one in sent if not one.rule]
    return found + _wrong_sums(good, set(revisions))


def _wrong_rejection(one: Sent, says: Mapping[str, str]) -> list[str]:
    problems = json.loads(says.get("problems", "[]"))
    broken = {(problem["pointer"], problem["rule"]) for problem in problems}
    if says["status"] != "rejected" or (one.pointer, one.rule) not in broken:
        return [f"{one.message_id} breaks {one.pointer} {one.rule}: {says}"]
    return []


def _wrong_end(
    one: Sent, says: Mapping[str, str], revision: Mapping[str, Any], head: Mapping[str, Any]
) -> list[str]:
    if revision.get("uri") != one.uri or head.get("_id") != says["article_id"]:
        return [f"{one.message_id}: {says['revision']} is not in MongoDB"]
    made_by = revision["provenance"]["entry"]["message_id"]
    if says["status"] != "duplicate" and made_by != one.message_id:
        return [f"{one.message_id}: {says['revision']} was brought by {made_by}"]
    return []


def _wrong_sums(good: Sequence[tuple[str, Mapping[str, str]]], revisions: set[str]) -> list[str]:
    """Every revision was made once, and every article stored once."""
    made = Counter(says["revision"] for _, says in good if says["status"] != "duplicate")
    found = [f"{one} was made {times} times" for one, times in made.items() if times != 1]
    if made.keys() != revisions:
        found.append("receipts and MongoDB tell of other revisions")
    by_uri: dict[str, Counter[str]] = defaultdict(Counter)
    for uri, says in good:
        by_uri[uri][says["status"]] += 1
    return found + [f"{uri}: {dict(n)}" for uri, n in by_uri.items() if n["stored"] != 1]
