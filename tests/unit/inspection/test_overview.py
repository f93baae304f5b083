"""The overview of `newsflow status` and `up`, whatever it meets."""

from pathlib import Path

from services.inspection.overview import look
from services.store.settings import StoreSettings
from tests.unit.inspection.test_asking import answering

NOWHERE = "127.0.0.1:1"


async def test_a_service_that_answers_oddly_ends_no_look(tmp_path: Path) -> None:
    """As uvicorn does, in plain text, to more connections than it takes: it is bad, and quoted."""
    settings = StoreSettings(redis_url=f"redis://{NOWHERE}/0", mongo_url=f"mongodb://{NOWHERE}")
    busy = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 19\r\n\r\nService Unavailable"
    with answering(busy) as url:
        view = await look(settings, health_urls={"enrich": url}, inbox=tmp_path)

    enrich = next(one for one in view.stages if one.stage == "enrich")
    assert enrich.health == "bad"
    assert "Service Unavailable" in enrich.problems[0]
    assert not view.ok
