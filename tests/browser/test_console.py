"""The console as people use it: in Debian's chromium, on a stack that takes articles in."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from redis import Redis

from services.console.templating import age, count, rate, size
from shared import streams
from tests.browser import newsroom
from tests.browser.conftest import SHOTS, Newsroom, Open

pytestmark = pytest.mark.browser

PAGES = {
    "flow": "/",
    "articles": "/articles",
    "found": "/articles?text=floods",
    "nothing": "/articles?text=nowhere",
    "entities": "/entities",
    "topics": "/topics",
    "files": "/files",
    "failed": "/files?state=failed",
    "receipt": "/files/receipt?path=18-table.csv",
    "sources": "/sources",
    "dead": "/dead",
    "replay": "/dead/replay?every=true",
    "token": "/token",
    "no-page": "/nowhere",
}
LOOKS = ("light", "dark")
WIDTHS = (1280, 390)
MOST_BYTES = 150_000
SERIOUS = {"serious", "critical"}

# Pages that need an id: an article, one that means harm, a letter.
ARTICLE, HOSTILE, LETTER = "article", "hostile", "letter"


def where(name: str, room: Newsroom) -> str:
    if name == LETTER:
        with Redis.from_url(room.servers.redis_url) as client:
            some: Any = client.xrevrange(streams.DEAD, count=1)
            return f"/dead/{some[0][0].decode()}"
    uri = {ARTICLE: "urn:newsroom:0", HOSTILE: "urn:harm:1"}.get(name)
    return room.path_of(uri) if uri else PAGES[name]


def visit(opened: Open, room: Newsroom, name: str, **look: Any) -> Page:
    """Open a page. That of no page is refused, as it should be."""
    page = opened("/token", **look)
    path = where(name, room)
    answer = page.request.get(path)
    assert answer.status == (404 if name == "no-page" else 200)
    if name == "no-page":
        page.set_content(answer.text())
    else:
        page.goto(path)
    return page


def show_all(page: Page, width: int) -> None:
    """Make the window as high as the page, for what is out of sight is not laid out."""
    page.set_viewport_size({"width": width, "height": 800})
    for _ in range(2):  # its height is known once all of it has been in sight
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": height})


@pytest.mark.parametrize("name", [*PAGES, ARTICLE, HOSTILE, LETTER])
def test_everybody_can_use_every_page(opened: Open, room: Newsroom, name: str) -> None:
    """axe-core finds nothing serious, light and dark, wide and narrow; nothing runs off a phone."""
    page = visit(opened, room, name)
    for scheme in LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its literals
        for width in WIDTHS:
            show_all(page, width)
            page.screenshot(path=SHOTS / f"{name}-{scheme}-{width}.png")
            found = [
                (one["id"], one["nodes"][0]["html"][:200])
                for one in Axe().run(page).response["violations"]
                if one["impact"] in SERIOUS
            ]
            assert found == [], f"{name}, {scheme}, {width} px"
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, f"{name} is {overflow} px wider than {width} px"


def test_a_page_and_all_it_loads_weigh_little(opened: Open) -> None:
    """Less than 150 kB, as they are sent; how soon they are painted is only told."""
    for path in PAGES.values():
        if path == "/nowhere":
            continue
        page = opened("about:blank")
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        loaded: list[dict[str, Any]] = []
        session.on("Network.loadingFinished", lambda sent, to=loaded: to.append(sent))
        page.goto(path)
        page.wait_for_timeout(200)
        painted = page.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
        )
        weight = sum(one["encodedDataLength"] for one in loaded)
        print(f"{path}: {weight / 1000:.1f} kB, first paint after {painted:.0f} ms")  # noqa: T201

        assert 0 < weight < MOST_BYTES, path


def test_what_comes_in_is_seen_without_loading_anew(opened: Open, room: Newsroom) -> None:
    """Articles are counted as they are stored; no node is replaced while numbers change."""
    page = opened("/")
    articles = page.locator('[data-text="documents"]')
    expect(articles).not_to_have_text("–")
    before = int(articles.inner_text().replace(",", ""))
    page.evaluate("""() => {
        window.nodes = 0;
        new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach((node) => {
            if (node.nodeType === Node.ELEMENT_NODE) window.nodes += 1;
        }))).observe(document.querySelector(".route"), { childList: true, subtree: true });
        window.kept = document.querySelector('[data-text="documents"]');
    }""")

    some = newsroom.stories(30, now=newsroom.now())
    newsroom.publish(
        room.servers.redis_url,
        [{**one, "uri": f"urn:live:{before}:{at}"} for at, one in enumerate(some)],
    )

    expect(articles).to_have_text(f"{before + 30:,}", timeout=15_000)
    assert page.evaluate("window.kept.isConnected && window.nodes === 0")


def test_numbers_look_the_same_before_and_after_an_update(opened: Open) -> None:
    """What the server writes, and what the script writes over it."""
    page = opened("/")
    formatted = page.evaluate("""async () => {
        const of = document.querySelector('script[src*="flow.js"]').src;
        const { age, count, rate, size } = await import(of.replace("flow.js", "format.js"));
        return [count(null), count(1234567), rate(null), rate(0), rate(0.27), rate(12.6),
                rate(1234.4), age(null), age(0.4), age(61), age(7200), age(200000), size(999),
                size(1500), size(2.5e9)];
    }""")
    assert formatted == [
        *(count(None), count(1_234_567)),
        *(rate(None), rate(0), rate(0.27), rate(12.6), rate(1234.4)),
        *(age(None), age(0.4), age(61), age(7200), age(200_000)),
        *(size(999), size(1500), size(2_500_000_000)),
    ]


def test_a_letter_is_sent_again_after_a_dry_run(opened: Open, room: Newsroom) -> None:
    """From its kind, over the dry run and the token, to the note that it is sent."""
    page = opened("/dead")
    kind = page.get_by_role("row").filter(has_text="`headline`: input should be a valid string")
    count = kind.first.get_by_role("cell").first.inner_text()
    kind.first.get_by_role("link", name="Send again").click()
    asked = f"Send {count} letters again?"
    expect(page.get_by_role("heading", level=1)).to_have_text(asked)
    page.get_by_role("link", name="Show the token").click()
    page.get_by_label("Token").fill("not the token")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the token.")
    page.get_by_label("Token").fill(room.token)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(asked)
    page.screenshot(path=SHOTS / "replay-signed-in.png", full_page=True)
    page.get_by_role("button", name=f"Send {count} again").click()

    expect(page.get_by_role("status")).to_contain_text(f"{count} sent again")
    assert f"sent={count}" in page.url
    assert page.evaluate("document.cookie") == ""
    page.goto("/dead")
    page.get_by_role("link", name=re.compile("^2026|^20")).first.click()
    expect(page.get_by_text("Sent again", exact=True).first).to_be_visible()


@pytest.mark.parametrize("uri", ["urn:harm:1", "urn:harm:2", "urn:harm:3"])
def test_what_means_harm_is_shown_as_text(opened: Open, room: Newsroom, uri: str) -> None:
    """Scripts, event handlers, SVG, turned text and a title of 1 MB: in lists and alone."""
    for path in (room.path_of(uri), "/articles", "/sources", "/dead", where(LETTER, room)):
        page = opened(path)

        assert page.evaluate("window.harmed") is None
        assert (
            page.locator("main svg[onload], main img[onerror], main script:not([src])").count() == 0
        )
        assert "\u202e" not in page.locator("body").inner_text()
        assert len(page.content()) < 1_500_000


def test_all_is_reached_with_the_keyboard(opened: Open) -> None:
    """The first stop skips to the content; each stop is seen; Enter goes on."""
    page = opened("/files")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim().slice(0, 40)"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", reached
    row = page.locator("td a").first
    row.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/files/receipt" in page.url


def test_a_list_that_is_shared_shows_the_same(opened: Open) -> None:
    """All that is chosen stands in the address."""
    page = opened("/dead")
    page.get_by_role("combobox", name="Cause").select_option("invalid")
    page.get_by_role("textbox", name="Reason").fill("headline")
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**/dead?*reason=headline*")
    rows = page.locator("tbody tr").all_inner_texts()

    again = opened(page.url)

    assert rows
    assert [one.split("\t")[-1] for one in again.locator("tbody tr").all_inner_texts()] == [
        one.split("\t")[-1] for one in rows
    ]
    expect(again.get_by_role("textbox", name="Reason")).to_have_value("headline")
