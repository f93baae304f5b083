"""Who is let in, and how pages are sent out."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

import services.console
from services.console.settings import ConsoleSettings
from services.devstack.servers import RedisServer
from shared.settings import InvalidSettings, load
from tests.console.serving import TOKEN, console, sign_in

PAGES = ("/", "/files", "/sources", "/dead", "/dead/replay?every=true", "/token", "/nowhere")
APIS = ("/api/flow", "/api/files", "/api/sources", "/api/dead", "/api/openapi.json", "/api/no")
STYLES = [
    f"'sha256-{b64encode(sha256(path.read_bytes()).digest()).decode()}'"
    for path in sorted((Path(services.console.__file__).parent / "static").glob("*.css"))
]
POLICY = (
    f"default-src 'none'; script-src 'self'; style-src {' '.join(STYLES)}; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


async def test_every_answer_is_dressed_and_kept_by_nobody(client: httpx.AsyncClient) -> None:
    """The policy lets nothing run but what the package ships; errors are no exception."""
    for path in (*PAGES, *APIS):
        headers = (await client.get(path)).headers

        assert headers["content-security-policy"] == POLICY, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        assert headers["cache-control"] == "no-store", path


async def test_no_page_holds_a_script_or_a_style_but_ours(client: httpx.AsyncClient) -> None:
    """Styles are whole files, as the policy lets them; and nothing is loaded from elsewhere."""
    for path in PAGES:
        text = (await client.get(path)).text

        assert " style=" not in text
        for style in re.findall("<style>(.*?)</style>", text, re.DOTALL):
            assert b64encode(sha256(style.encode()).digest()).decode() in POLICY
        assert text.count("<style") == text.count("<style>") > 0
        assert text.count("<script") == text.count('<script type="module" src="/static/')
        assert "http://" not in text
        assert "https://" not in text


async def test_scripts_are_kept_for_good_and_packed(client: httpx.AsyncClient) -> None:
    """Their address changes with them."""
    page = (await client.get("/")).text
    address = page.partition('<script type="module" src="')[2].partition('"')[0]

    script = await client.get(address)
    old = await client.get("/static/0000/flow.js")

    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-encoding"] == "gzip"
    assert old.headers["cache-control"] == "no-cache"
    assert (await client.get("/static/0000/../settings.py")).status_code == 404


async def test_a_name_that_leads_here_is_refused(client: httpx.AsyncClient) -> None:
    """DNS rebinding: a page of somebody else's, whose name now means this machine."""
    for host in ("127.0.0.1:8080", "localhost", "[::1]:8080", "10.1.2.3"):
        assert (await client.get("/", headers={"host": host})).status_code == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""):
        for path in ("/", "/api/flow", "/health"):
            assert (await client.get(path, headers={"host": host})).status_code == 421, host


async def test_a_name_that_is_set_is_known(redis_server: RedisServer, mongo_url: str) -> None:
    """NEWSFLOW_CONSOLE_NAMES, in any case."""
    settings = {"redis_url": redis_server.url, "mongo_url": mongo_url}
    async with console(console_names=["News.example"], **settings) as client:
        answer = await client.get("/token", headers={"host": "news.example:8080"})

        assert answer.status_code == 200


async def test_beyond_loopback_every_page_wants_the_token(
    redis: Redis, redis_server: RedisServer, mongo_url: str
) -> None:
    """People are asked for it, programs told; scripts, styles and health are for everybody."""
    settings = {"redis_url": redis_server.url, "mongo_url": mongo_url, "console_token": TOKEN}
    assert redis
    async with console(console_host="0.0.0.0", **settings) as client:  # noqa: S104 (said, not done)
        page = await client.get("/dead?cause=failed")
        api = await client.get("/api/flow")
        health = await client.get("/health")
        bearing = await client.get("/api/flow", headers={"authorization": f"Bearer {TOKEN}"})
        await sign_in(client)
        after = await client.get("/dead?cause=failed")

        assert page.headers["location"] == "/token?next=%2Fdead%3Fcause%3Dfailed"
        assert (api.status_code, api.headers["www-authenticate"]) == (401, "Bearer")
        assert health.status_code == bearing.status_code == after.status_code == 200


def test_beyond_loopback_it_does_not_start_without_a_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And says what to do; a short one is refused, too."""
    monkeypatch.setenv("NEWSFLOW_CONSOLE_HOST", "0.0.0.0")  # noqa: S104 (said, not done)
    with pytest.raises(InvalidSettings, match=r"NEWSFLOW_CONSOLE_TOKEN: .*openssl rand"):
        load(ConsoleSettings)

    monkeypatch.setenv("NEWSFLOW_CONSOLE_TOKEN", "short")
    with pytest.raises(InvalidSettings, match="16 characters"):
        load(ConsoleSettings)


async def test_the_cookie_is_for_this_site_and_no_script(client: httpx.AsyncClient) -> None:
    """It is no token: whoever finds it cannot make another."""
    answer = await client.post("/token", data={"token": TOKEN, "next": "/dead"})

    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=strict" in said
    assert TOKEN not in said
    assert answer.headers["location"] == "/dead"


async def test_showing_the_token_leads_to_pages_of_this_console(client: httpx.AsyncClient) -> None:
    """An address that somebody sent leads to no other site."""
    for where in ("//evil.example", "/\\evil.example", "https://evil.example", "/\n/evil.example"):
        answer = await client.post("/token", data={"token": TOKEN, "next": where})

        assert answer.headers["location"] == "/"


async def test_guessing_the_token_is_slowed_down(client: httpx.AsyncClient) -> None:
    """Ten tries a minute from one address, by form or by header; the right one is not limited."""
    answers = [await client.post("/token", data={"token": f"guess {n}"}) for n in range(12)]
    header = await client.get("/api/flow", headers={"authorization": "Bearer guess"})
    right = await client.get("/api/flow", headers={"authorization": f"Bearer {TOKEN}"})

    assert [one.status_code for one in answers] == [403] * 10 + [429] * 2
    assert (header.status_code, right.status_code) == (429, 200)


async def test_too_many_requests_are_refused_and_told_when_to_come_back(
    redis_server: RedisServer, mongo_url: str
) -> None:
    """By address, within a minute."""
    settings = {"redis_url": redis_server.url, "mongo_url": mongo_url}
    async with console(console_requests_per_minute=5, **settings) as client:
        answers = [await client.get("/token") for _ in range(7)]

        assert {one.status_code for one in answers[:5]} == {200}
        assert answers[6].status_code == 429
        assert answers[6].headers["retry-after"] == "60"


async def test_what_another_site_sends_is_refused(client: httpx.AsyncClient) -> None:
    """Even with the right token and cookie."""
    await sign_in(client)

    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        answer = await client.post("/dead/replay", data={"every": "true"}, headers=headers)
        assert answer.status_code == 403


async def test_no_page_tells_a_password(redis_server: RedisServer, mongo_url: str) -> None:
    """Not where the servers are either: neither when all is well, nor when they refuse."""
    bad = f"redis://:hunter2@127.0.0.1:{redis_server.port}/0"
    async with console(redis_url=bad, mongo_url=mongo_url) as client:
        for path in (*PAGES, *APIS):
            text = (await client.get(path)).text

            assert "hunter2" not in text
            assert str(redis_server.port) not in text
            assert TOKEN not in text
