"""A password in a URL is told to nobody: not by logs, health, metrics, messages or `status`."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from redis.asyncio import Redis

from services.devstack.servers import RedisServer
from services.inspection import overview
from services.inspection.overview import look
from services.store import app as store_app
from services.store import mongo as store_mongo
from services.store.settings import StoreSettings
from shared import streams
from shared.errors import NewsflowError
from shared.service import Service
from shared.settings import load
from tests.contract.services_in_process import until
from tests.security.users import guarded, password, url

SECRET = "hunter2"  # noqa: S105 (what is looked for)
# Beginnings, for a `/` or `@` in the middle makes a URL that is cut in the wrong place.
BAD_URLS = (
    ("http://u:hunter2@127.0.0.1:1/0", "http://u:hunter2@127.0.0.1:1/"),
    ("redis://u:hunter2/x@127.0.0.1:1/0", "mongodb://u:hunter2/x@127.0.0.1:1/"),
    ("redis://u:x/hunter2@127.0.0.1:1/0", "mongodb://u:x/hunter2@127.0.0.1:1/"),
    ("redis://u:x:hunter2@127.0.0.1:1/0", "mongodb://u:x:hunter2@127.0.0.1:1/"),
    ("redis://u:[hunter2@127.0.0.1:1/0", "mongodb://u:[hunter2@127.0.0.1:1/"),
    ("redis://u:#hunter2@127.0.0.1:1/0", "mongodb://u:#hunter2@127.0.0.1:1/"),
    ("redis://u:?hunter2@127.0.0.1:1/0", "mongodb://u:?hunter2@127.0.0.1:1/"),
    ("redis://u:%hunter2@127.0.0.1:1/0", "mongodb://u:%hunter2@127.0.0.1:1/"),
    ("redis://127.0.0.1:1/0?no=hunter2", "mongodb://u:x@hunter2@127.0.0.1:1/"),
    (
        "redis://127.0.0.1:1/0?db=hunter2",
        "mongodb://127.0.0.1:1/?tlsCertificateKeyFilePassword=hunter2",
    ),
    ("redis://u:hunter2@127.0.0.1:1/0", "mongodb://u:hunter2@127.0.0.1:1/"),
    ("redis://u:hunter2@no.invalid:1/0", "mongodb://u:hunter2@no.invalid:1/?replicaSet=x"),
    ("rediss://u:hunter2@127.0.0.1:1/0", "mongodb://u:hunter2@127.0.0.1:1/?tlsCAFile=/no"),
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for a server of MongoDB for 0.2 s, not for ten."""
    monkeypatch.setattr(store_mongo, "_TIMEOUT_MS", 200)
    monkeypatch.setattr(store_mongo, "_SELECTION_MS", 200)
    monkeypatch.setattr(overview, "_WITHIN_S", 0.4)


@pytest.fixture
def written(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    """What was written anywhere; whatever the test adds to it, too."""
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    yield said
    out, err = capfd.readouterr()
    everything = "\n".join([*said, out, err, caplog.text])
    assert len(everything) > 50
    assert SECRET not in everything


async def _everything(service: Service, settings: StoreSettings, folder: Path) -> str:
    """Return what health, metrics and the command say of a service."""
    view = await look(settings, health_urls={}, inbox=folder)
    return json.dumps(service.health.report()) + view.model_dump_json()


@pytest.mark.filterwarnings("ignore::UserWarning")  # pymongo's, of an option that it does not know
async def test_no_url_however_wrong_tells_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: list[str]
) -> None:
    """Each with a good other one: what is raised, logged, and shown by `status`."""
    usable: list[StoreSettings] = []
    for redis_url, mongo_url in BAD_URLS:
        for urls in ((redis_url, "mongodb://127.0.0.1:1"), ("redis://127.0.0.1:1", mongo_url)):
            monkeypatch.setenv("NEWSFLOW_REDIS_URL", urls[0])
            monkeypatch.setenv("NEWSFLOW_MONGO_URL", urls[1])
            try:
                usable.append(load(StoreSettings))
            except NewsflowError as error:
                written.append(str(error))

    written += await asyncio.gather(*(_used(settings, tmp_path) for settings in usable))


async def _used(settings: StoreSettings, folder: Path) -> str:
    """Return what is said of servers that are not there, or not servers."""
    view = await look(settings, health_urls={}, inbox=folder)
    try:
        mongo = store_mongo.Mongo(settings)
    except NewsflowError as error:
        return view.model_dump_json() + str(error)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await mongo.open()
    await mongo.close()
    return view.model_dump_json()


async def test_no_failure_while_running_tells_a_password(
    mongo_url: str, tmp_path: Path, written: list[str]
) -> None:
    """Redis is killed under a store that has read and written."""
    with guarded(tmp_path) as server:
        settings = StoreSettings(redis_url=url(server, "store"), mongo_url=mongo_url)
        service = store_app.create(settings)
        async with service.app.start_lifespan_context():
            async with Redis.from_url(url(server, "admin")) as admin:
                await admin.xadd(streams.ENRICHED, {"data": f'{{"article_id": "{server.port}"}}'})
                await until(lambda: _is_dead(admin))
            server.child.kill()
            await until(lambda: _is_bad(service))
            written.append(await _everything(service, settings, tmp_path))


async def _is_dead(admin: Any) -> bool:
    return bool(await admin.xlen(streams.DEAD))


async def _is_bad(service: Service) -> bool:
    return service.health.report()["checks"]["redis"] != "ok"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with guarded(tmp_path_factory.mktemp("secrets")) as server:
        yield server


def test_a_process_shows_its_password_nowhere(
    server: RedisServer, mongo_url: str, tmp_path: Path
) -> None:
    """From a file of its own: not in the list of processes, its environment, its output."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "newsflow_redis_url").write_text(url(server, "store"))
    (secrets / "newsflow_mongo_url").write_text(mongo_url)
    given = {"NEWSFLOW_SECRETS_DIR": str(secrets), "NEWSFLOW_LOG_LEVEL": "debug"}
    process = subprocess.Popen(
        [sys.executable, "-m", "services.store"],
        env={**os.environ, **given, "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    said = ""
    while '"ready"' not in said:
        said = process.stderr.readline()
        assert said
        assert SECRET not in said
    address = json.loads(said)["health"]
    shown = [_get(one) for one in (address, address.replace("/health", "/metrics"))]
    shown += [Path(f"/proc/{process.pid}/{name}").read_text() for name in ("cmdline", "environ")]
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=30)

    assert process.returncode == 0
    assert password("store").startswith(SECRET)
    assert not [text for text in (*shown, rest) if SECRET in text]


def _get(url: str) -> str:
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 (our own address)
            return str(answer.read())
    except HTTPError as error:  # health that is not looked at yet
        return str(error.read())
