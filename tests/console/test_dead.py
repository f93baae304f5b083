"""Dead letters in the console: found, shown as they are, sent again once, by whoever may."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from services.console import letters
from shared import streams
from shared.letters.deadletters import Cause, DeadLetter, encode
from tests.console.serving import TOKEN, sign_in

HOSTILE = '<script>alert(1)</script><svg onload=alert(2)>\u202etxt.exe" onmouseover="alert(3)'


async def park(
    redis: Redis, reason: str, data: bytes = b"{}", *, cause: Cause = "failed", **beside: bytes
) -> str:
    """Park a letter as the desk would; return its id."""
    client: Any = redis
    added: bytes = await client.xadd(
        streams.DEAD, encode(letter(reason, data, cause=cause, **beside))
    )
    return added.decode()


def letter(
    reason: str, data: bytes = b"{}", *, cause: Cause = "failed", **beside: bytes
) -> DeadLetter:
    return DeadLetter(
        reason=reason,
        cause=cause,
        stage="enrich",
        stream=streams.RAW,
        entry_id="1795470694568-0",
        deliveries=5,
        article_id=None,
        original={b"data": data, **{name.encode(): value for name, value in beside.items()}},
    )


async def test_letters_are_counted_by_reason_and_listed_newest_first(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """Each kind leads to its letters, and to sending them again."""
    for number in range(3):
        await park(redis, f"no disk on host {number}")
    newest = await park(redis, "not JSON", cause="invalid")

    kinds = (await client.get("/api/dead/kinds")).json()["kinds"]
    letters = (await client.get("/api/dead")).json()["letters"]
    chosen = (await client.get("/api/dead?reason=no disk on host N")).json()["letters"]

    assert [(one["count"], one["reason"]) for one in kinds] == [
        (3, "no disk on host N"),
        (1, "not JSON"),
    ]
    assert letters[0]["id"] == newest
    assert len(chosen) == 3
    page = (await client.get("/dead?cause=invalid")).text
    assert newest in page
    assert "no disk" not in page


async def test_pages_of_letters_follow_each_other_without_gap_or_overlap(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """By the id of the last: what is parked meanwhile moves nothing."""
    ids = [await park(redis, "full") for _ in range(120)]

    seen: list[str] = []
    before = ""
    while before is not None:
        page = (await client.get("/api/dead", params={"before": before})).json()
        seen += [one["id"] for one in page["letters"]]
        before = page["before"]
        await park(redis, "another, meanwhile")

    assert seen == ids[::-1]


async def test_hostile_bytes_are_shown_as_text(redis: Redis, client: httpx.AsyncClient) -> None:
    """In the reason, in the article, and in the fields beside it."""
    letter_id = await park(redis, HOSTILE, HOSTILE.encode(), producer=HOSTILE.encode())

    for path in ("/dead", f"/dead/{letter_id}", f"/dead/replay?ids={letter_id}"):
        text = (await client.get(path)).text

        assert "<script>alert" not in text
        assert "<svg" not in text
        assert '" onmouseover="alert' not in text
        assert "\u202e" not in text
        assert r"\u202e" in text


async def test_what_is_no_text_is_shown_in_hexadecimal_and_can_be_saved(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """As a file that no browser opens."""
    data = b"\x00\xffPK\x03\x04"
    letter_id = await park(redis, "not text", data)

    page = (await client.get(f"/dead/{letter_id}")).text
    saved = await client.get(f"/api/dead/{letter_id}/data")

    assert "00 ff 50 4b 03 04" in page
    assert saved.content == data
    assert saved.headers["content-type"] == "application/octet-stream"
    assert saved.headers["content-disposition"].startswith("attachment")


async def test_a_dry_run_sends_nothing_and_tells_what_would_be_sent(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """By page and by API, which does not send unless it is told to."""
    await park(redis, "no disk")
    await park(redis, "no network")

    page = (await client.get("/dead/replay?reason=no disk")).text
    told = (await client.post("/api/dead/replay", json={"reason": "no disk"})).json()

    assert "Send 1 letter again?" in page
    assert "Show the token" in page
    assert told == {"dry_run": True, "sent": 1, "gone": 0, "left": False, "more": False}
    assert await redis.xlen(streams.DEAD) == 2
    assert await redis.xlen(streams.RAW) == 0


async def test_what_is_not_among_the_letters_looked_at_is_not_said_to_be_missing(
    redis: Redis, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many letters there are, a request looks at so many; the page and the API say so."""
    monkeypatch.setattr(letters, "MOST_LOOKS", 3)
    for _ in range(3):
        await park(redis, "no disk")
    await asyncio.sleep(0.01)
    last = await park(redis, "no network")
    since = datetime.fromtimestamp(int(last.partition("-")[0]) / 1000, UTC).isoformat()

    page = (await client.get("/dead/replay?reason=no network")).text
    told = (await client.post("/api/dead/replay", json={"reason": "no network"})).json()
    all_ = (await client.post("/api/dead/replay", json={"reason": "no disk"})).json()
    later = {"reason": "no network", "since": since}
    found = (await client.post("/api/dead/replay", json=later)).json()

    assert "oldest 3 letters" in page
    assert told == {"dry_run": True, "sent": 0, "gone": 0, "left": False, "more": True}
    assert (all_["sent"], all_["more"]) == (3, True)
    assert (found["sent"], found["more"]) == (1, False)


async def test_kinds_are_counted_once_in_ten_seconds_and_after_letters_were_sent(
    redis: Redis, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many ask; who asks for others is not told of these."""
    await park(redis, "no disk")
    counted = 0

    async def count(*asked: Any) -> Any:
        nonlocal counted
        counted += 1
        return await kinds(*asked)

    kinds = letters.kinds
    monkeypatch.setattr(letters, "kinds", count)
    await asyncio.gather(*(client.get("/api/dead/kinds") for _ in range(5)))
    other = (await client.get("/api/dead/kinds?cause=crashed")).json()
    order = {"every": True, "dry_run": False}
    headers = {"authorization": f"Bearer {TOKEN}"}
    await client.post("/api/dead/replay", json=order, headers=headers)
    after = (await client.get("/api/dead/kinds")).json()

    assert other["kinds"] == after["kinds"] == []
    assert counted == 3


async def test_letters_of_a_kind_are_sent_again_once_by_who_has_the_token(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """The form that the dry run gives does it; the others stay, also those that die meanwhile."""
    await park(redis, "no disk on 1", b'{"headline": "A"}')
    await park(redis, "no disk on 2", b'{"headline": "B"}')
    await park(redis, "no network")
    await sign_in(client)
    page = (await client.get("/dead/replay?reason=no disk on N")).text
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    later = await park(redis, "no disk on 3")

    done = await client.post("/dead/replay", data=form)
    again = await client.post("/dead/replay", data=form)

    assert done.headers["location"] == "/dead?sent=2&gone=0"
    assert again.headers["location"] == "/dead?sent=0&gone=0"
    sent: Any = await redis.xrange(streams.RAW)
    assert [fields[b"data"] for _, fields in sent] == [b'{"headline": "A"}', b'{"headline": "B"}']
    left = (await client.get("/api/dead")).json()["letters"]
    assert [one["reason"] for one in left] == ["no disk on 3", "no network"]
    assert left[0]["id"] == later


async def test_a_form_that_was_not_given_to_this_session_sends_nothing(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """A cookie alone is sent by browsers unasked."""
    await park(redis, "no disk")
    await sign_in(client)

    for form_token in ("", "0" * 64, "ä"):
        form = {"every": "true", "form_token": form_token}
        assert (await client.post("/dead/replay", data=form)).status_code == 403
    api = await client.post(
        "/api/dead/replay",
        json={"every": True, "dry_run": False},
        headers={"x-form-token": "0" * 64},
    )

    assert api.status_code == 403
    assert await redis.xlen(streams.DEAD) == 1


async def test_nobody_sends_again_without_the_token(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """On loopback, too, where everybody reads."""
    await park(redis, "no disk")

    page = await client.post("/dead/replay", data={"every": "true"})
    api = await client.post("/api/dead/replay", json={"every": True, "dry_run": False})

    assert (page.status_code, api.status_code) == (401, 401)
    assert await redis.xlen(streams.DEAD) == 1


async def test_a_program_sends_again_with_the_token_alone(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """By id; a letter that is gone is said to be."""
    letter_id = await park(redis, "no disk")
    order = {"ids": [letter_id], "dry_run": False}
    headers = {"authorization": f"Bearer {TOKEN}"}

    done = await client.post("/api/dead/replay", json=order, headers=headers)
    again = await client.post("/api/dead/replay", json=order, headers=headers)

    assert done.json() == {"dry_run": False, "sent": 1, "gone": 0, "left": False, "more": False}
    assert again.status_code == 404
    assert await redis.xlen(streams.DEAD) == 0


async def test_which_letters_are_meant_has_to_be_clear(client: httpx.AsyncClient) -> None:
    """As on the command line: by id, by what they share, or every one."""
    unclear: list[dict[str, Any]] = [
        {},
        {"ids": ["1-1"], "every": True},
        {"cause": "failed", "every": True},
    ]
    for order in unclear:
        answer = await client.post("/api/dead/replay", json=order)

        assert answer.status_code == 422
        assert "not clear" in answer.json()["error"]


async def test_an_address_that_makes_no_sense_is_told_so(client: httpx.AsyncClient) -> None:
    """In one sentence, as a page."""
    for query in ("?cause=none", "?since=yesterday", "?before=x", "/x", "?sent=x"):
        answer = await client.get(f"/dead{query}")

        assert answer.status_code == 422, query
        assert "That cannot be asked" in answer.text


@pytest.mark.parametrize(
    ("fields", "is_text"),
    [
        ({b"note": b"by hand"}, True),
        ({b"\xff": b"\xfe"}, False),
        ({b"cause": b"bored", b"reason": b"<b>", b"deliveries": b"many"}, True),
        ({**encode(letter("mine")), b"cause": b"bored"}, True),
        ({**encode(letter("mine")), b"entry_id": b"yesterday"}, True),
        ({**encode(letter("mine")), b"deliveries": b"-1"}, True),
        ({**encode(letter("mine")), b"originals": b"9:x"}, True),
    ],
)
async def test_what_somebody_else_added_is_listed_shown_and_sent_again(
    redis: Redis, client: httpx.AsyncClient, fields: dict[bytes, bytes], *, is_text: bool
) -> None:
    """All its fields, which go where articles come in; its time may be beyond all calendars."""
    ours = await park(redis, "no disk")
    added: Any = redis
    letter_id = f"{2**63}-7"
    await added.xadd(streams.DEAD, fields, id=letter_id)

    [first, second] = (await client.get("/api/dead")).json()["letters"]
    kinds = (await client.get("/api/dead/kinds")).json()["kinds"]
    page = await client.get(f"/dead/{letter_id}")
    order = {"ids": [letter_id], "dry_run": False}
    headers = {"authorization": f"Bearer {TOKEN}"}
    await client.post("/api/dead/replay", json=order, headers=headers)

    assert (first["id"], second["id"]) == (letter_id, ours)
    assert (first["cause"], first["reason"]) == ("invalid", "not written by Newsflow")
    assert len(kinds) == 2
    assert page.status_code == (await client.get("/dead")).status_code == 200
    assert not is_text or next(iter(fields)).decode() in page.text
    [[_, sent]] = await added.xrange(streams.RAW)
    assert sent.items() >= fields.items()


async def test_no_letter_has_an_id_that_redis_cannot_have(client: httpx.AsyncClient) -> None:
    """It is not here, which is no word about Redis."""
    missing = await client.get("/dead/99999999999999999999-0")
    before = await client.get("/dead?before=99999999999999999999-0")

    assert (missing.status_code, before.status_code) == (404, 422)
    assert "There is no dead letter" in missing.text


async def test_letters_of_before_1970_are_none(redis: Redis, client: httpx.AsyncClient) -> None:
    """Since then are all, until then is none."""
    await park(redis, "no disk")

    async def found(query: str) -> int:
        answer = await client.get(f"/api/dead?{query}")
        return len(answer.json()["letters"])

    assert await found("since=1900-01-01") == 1
    assert await found("since=0001-01-01") == 1
    assert await found("until=1900-01-01") == 0
    assert await found("until=1970-01-01") == 0
    assert await found("before=0-0") == 0


async def test_what_redis_refuses_is_not_told_as_its_absence(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """A key of another kind, as an operator's slip makes it."""
    await redis.set(streams.DEAD, "mine")

    answer = await client.get("/dead")

    assert answer.status_code == 503
    assert "Redis refuses what the console asks" in answer.text
    assert "WRONGTYPE" not in answer.text


async def test_no_letters_say_what_the_page_is_for(client: httpx.AsyncClient) -> None:
    """And a filter that finds none leads back."""
    assert "No dead letters." in (await client.get("/dead")).text
    assert "Show all letters" in (await client.get("/dead?cause=failed")).text
