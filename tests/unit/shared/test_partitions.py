"""The names of a partition, and which partition an article belongs to."""

import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot
from redis.exceptions import DataError

from shared.identity import article_id
from shared.partitions import keys_at, named, partition_of, tag

_CALLED = re.compile(r"\.([xhz][a-z]+(?:_[a-z]+)*)\(")


def test_an_article_always_has_the_same_partition() -> None:
    """A producer in any language gets it from the uri alone."""
    uri = "tag:newswire.example,2027:4711"
    known = article_id(uri=uri, guid=None, url=None, source=None, text="any")
    digits = hashlib.sha256(f"uri\n{uri}".encode()).hexdigest()[:8]

    assert partition_of(known, 12) == int(digits, 16) % 12 == 5


def test_articles_spread_evenly() -> None:
    """No partition of twelve has a tenth more or less than its share."""
    ids = [hashlib.sha256(str(number).encode()).hexdigest()[:32] for number in range(60_000)]
    counts = Counter(partition_of(one, 12) for one in ids)

    assert len(counts) == 12
    assert all(4500 < count < 5500 for count in counts.values())


def test_all_keys_of_a_partition_are_in_one_slot() -> None:
    """Without a name there is no tag: keys are named as ever."""
    keys = [tag("p1") + key for key in (b"articles.raw", b"articles.file:a/{b}.json")]

    assert {key_slot(key) for key in keys} == {key_slot(b"{p1}.")}
    assert tag("") == b""


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (["XADD", "a", "*", "data", "x"], ["a"]),
        (["XGROUP", "CREATE", "a", "enrich", "0"], ["a"]),
        (["XREADGROUP", "GROUP", "g", "c", b"STREAMS", "a", "b", ">", ">"], ["a", "b"]),
        (["EVALSHA", "f" * 40, 2, "a", "b", "an argument"], ["a", "b"]),
        (["EVAL", "return 1", 0], []),
        ([b"del", "a", "b"], ["a", "b"]),
        (["INFO", "server"], []),
    ],
)
def test_keys_are_found_in_every_command_we_send(command: list[str], keys: list[str]) -> None:
    """And nothing else is taken for a key."""
    assert [command[at] for at in keys_at(command)] == keys


def test_a_command_that_is_not_known_is_not_sent() -> None:
    """Its keys would be nobody's."""
    with pytest.raises(DataError, match="SORT is not known"):
        keys_at(["SORT", "a"])


def test_every_command_of_the_code_is_known(root: Path) -> None:
    """Of streams, hashes and sorted sets, as redis-py calls them: `xinfo_groups` is XINFO."""
    files = [path for folder in ("services", "shared") for path in (root / folder).rglob("*.py")]
    called = {name for path in files for name in _CALLED.findall(path.read_text())}
    commands = {name.partition("_")[0] for name in called if hasattr(Redis, name)}

    assert {"xadd", "xinfo", "hset", "zadd", "zrevrangebyscore"} <= commands
    for command in commands:
        assert keys_at([command, b"STREAMS", "a", "b"]), command


@pytest.mark.parametrize("name", ["a b", "{p1}", "ü", "x" * 33])
def test_a_name_that_is_no_tag_is_refused(name: str) -> None:
    """Braces would end the tag."""
    with pytest.raises(ValueError, match="1 to 32 letters"):
        named(name)
