"""What the alerts and the dashboard ask for is what running services export."""

import re
from pathlib import Path

from shared import streams
from tests.alerts.test_alerts import exprs, rules
from tests.traces.conftest import Traced


async def test_every_metric_that_is_asked_for_is_exported(traced: Traced, root: Path) -> None:
    """Scraped from the three services, once an article has passed and been counted."""
    asked = [*exprs(root), *(rule["expr"] for rule in rules(root))]
    names = {name for expr in asked for name in re.findall(r"\bnewsflow_\w+", expr)}
    await traced.redis.xadd(
        streams.RAW, {"data": '{"headline": "A", "body": "B"}', "producer": "wire"}
    )
    traced.start("enrich", "store", NEWSFLOW_READ_LATER="true")
    await traced.stored(1)
    traced.start("ingest")
    await traced.until(lambda: "newsflow_producer_articles{" in traced.metrics("ingest"))
    exported = "".join(map(traced.metrics, ("ingest", "enrich", "store")))

    assert names
    assert not {name for name in names if not re.search(rf"^{name}[ {{]", exported, re.MULTILINE)}
    checks = set(re.findall(r'newsflow_up\{check="(\w+)"', exported))
    wanted = {check for expr in asked for check in re.findall(r'check="(\w+)"', expr)}
    assert wanted <= checks
