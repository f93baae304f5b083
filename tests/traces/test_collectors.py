"""A collector that is slow, refuses or is away costs spans, and never an article."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.devstack.servers import free_port
from shared import streams
from tests.traces.collector import Collector
from tests.traces.conftest import Traced

COUNT = 400


def hang() -> int:
    time.sleep(60)
    return 200


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(hang, id="hangs"),
        pytest.param(lambda: 400, id="refuses", marks=LONG),
        pytest.param(lambda: 503, id="is full", marks=LONG),
        pytest.param(None, id="is away", marks=LONG),
    ],
)
async def test_articles_pass_whatever_the_collector_does(
    traced: Traced, behave: Callable[[], int] | None
) -> None:
    """All are stored, services stop by themselves in time; what is lost is counted, said once."""
    collector = Collector(behave or hang)
    url = collector.url if behave else f"http://127.0.0.1:{free_port()}"
    small = {"OTEL_BSP_MAX_QUEUE_SIZE": "128", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "64"}
    with collector.listening():
        read_later = {"NEWSFLOW_READ_LATER": "true", "NEWSFLOW_OTLP_ENDPOINT": url}
        traced.start("enrich", "store", **small, **read_later)
        for number in range(COUNT):
            data = json.dumps({"uri": f"urn:{number}", "headline": "A", "body": "B"})
            await traced.redis.xadd(streams.RAW, {"data": data})
        await traced.stored(COUNT)
        await traced.until(lambda: traced.metric("store", "newsflow_spans_dropped_total") > 0)
        stopping = time.monotonic()
        assert traced.stop() == [0, 0]
        took_s = time.monotonic() - stopping

    assert took_s < 2 * 5  # 3 s each for what waits
    for stage in ("enrich", "store"):
        assert traced.log(stage).count("traces are lost, articles are not") == 1
    assert await traced.redis.xlen(streams.DEAD) == 0


BARE = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import runpy
runpy.run_module("services.store", run_name="__main__")
"""


@pytest.mark.parametrize("name", ["NEWSFLOW_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_traces_that_are_not_installed_are_a_wrong_setting(
    name: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence says what to install, and the service ends as for other settings."""
    monkeypatch.setenv(name, "http://127.0.0.1:4318")
    ended = subprocess.run(
        [sys.executable, "-c", BARE],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    said = f"newsflow: {name}: traces need more than is installed: pip install 'newsflow[traces]'\n"
    assert (ended.returncode, ended.stderr) == (2, said)
