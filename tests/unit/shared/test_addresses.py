"""A URL is usable or not, and is shown without its password."""

import re

import pytest

from shared.addresses import place, usable_redis_url, without_password


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "redis://[::1]:6379/0",
        "rediss://user:p%40ss@redis.example:6380/0?ssl_cert_reqs=required",
        "unix:///run/redis.sock?db=1",
    ],
)
def test_a_url_that_can_be_used_stays_as_it_is(url: str) -> None:
    """Nothing is connected for it."""
    assert usable_redis_url(url) == url


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("", "it begins with none of redis://, rediss:// (TLS) and unix://"),
        ("http://127.0.0.1", "it begins with none of"),
        ("redis://u:hun/ter2@h:1", "a user or password, `/`, `:`, `@`, `#` and `%` are written"),
        ("redis://h:99999", "it cannot be read"),
        ("redis://h?no=hunter2", "it has an option that is none: `no`"),
        ("rediss://h?ssl_ca_certs=/nowhere.pem", "`ssl_ca_certs` names no file: /nowhere.pem"),
    ],
)
def test_what_is_wrong_with_a_url_is_said_without_its_password(url: str, what: str) -> None:
    """In words for who wrote it."""
    with pytest.raises(ValueError, match=re.escape(what)) as raised:
        usable_redis_url(url)

    assert "ter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown", "where"),
    [
        ("redis://h:1/0", "redis://h:1/0", "h:1"),
        ("mongodb://u:x@a:1,b:2/?w=1", "mongodb://u:***@a:1,b:2/?w=1", "a:1,b:2"),
        ("mongodb://u@h/", "mongodb://u@h/", "h"),
        ("redis://:x@h", "redis://:***@h", "h"),
        ("mongodb://h?password=x&y=1", "mongodb://h?password=***&y=1", "h"),
        ("mongodb://u:[x@h/", "mongodb://u:***@h/", "h"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str, where: str) -> None:
    """Wherever it stands."""
    assert without_password(url) == shown
    assert place(url) == where
