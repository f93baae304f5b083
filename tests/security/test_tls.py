"""Redis and MongoDB that demand TLS and a client's certificate; and what is said of a wrong one."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from faststream.redis import RedisBroker
from pymongo import MongoClient
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.devstack.servers import start_mongo
from services.inspection.overview import look
from services.store import app as store_app
from services.store import mongo as store_mongo
from services.store.mongo import Mongo, UnusableMongo
from services.store.settings import StoreSettings
from shared.delivery.broker import UnusableRedis, connect, create_broker
from shared.metrics import Metrics
from shared.settings import Settings
from tests.contract.services_in_process import Recorder, add, enriching, until
from tests.security.tls import Papers, papers, redis_with_tls

PATIENCE_S = 1.5  # how long something that waits is watched


class Servers(NamedTuple):
    """Where both listen, the papers that they take, and those of a stranger."""

    redis_port: int
    mongo_port: int
    ours: Papers
    foreign: Papers

    def redis_url(self, *, ca: str = "ours", client: str = "ours", host: str = "127.0.0.1") -> str:
        options = {
            "ssl_ca_certs": ca and getattr(self, ca).ca,
            "ssl_certfile": client and getattr(self, client).client,
            "ssl_keyfile": client and getattr(self, client).client,
        }
        return f"rediss://{host}:{self.redis_port}/0?{_query(options)}"

    def mongo_url(self, *, ca: str = "ours", client: str = "ours", host: str = "127.0.0.1") -> str:
        options = {
            "tlsCAFile": ca and getattr(self, ca).ca,
            "tlsCertificateKeyFile": client and getattr(self, client).client,
        }
        place = f"{host}:{self.mongo_port}"
        return f"mongodb://{place}/?replicaSet=newsflow&tls=true&{_query(options)}"


def _query(options: dict[str, Any]) -> str:
    return "&".join(f"{name}={value}" for name, value in options.items() if value)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("tls")
    ours, foreign = papers(folder / "ours"), papers(folder / "foreign")
    files = ("--tlsCertificateKeyFile", str(ours.server), "--tlsCAFile", str(ours.ca))
    mongo = start_mongo(
        folder / "db", log=folder / "mongo.log", options=("--tlsMode", "requireTLS", *files)
    )
    (folder / "redis").mkdir()
    try:
        with redis_with_tls(folder / "redis", ours) as redis_port:
            made = Servers(redis_port, mongo.port, ours, foreign)
            _initiate(made)
            yield made
    finally:
        mongo.stop()


def _initiate(servers: Servers) -> None:
    alone = servers.mongo_url().replace("replicaSet=newsflow", "directConnection=true")
    member = {"_id": 0, "host": f"127.0.0.1:{servers.mongo_port}"}
    with MongoClient[dict[str, Any]](alone) as client:
        client.admin.command("replSetInitiate", {"_id": "newsflow", "members": [member]})
        while not client.admin.command("hello")["isWritablePrimary"]:
            time.sleep(0.05)


async def test_articles_go_their_way_through_servers_that_demand_tls(
    servers: Servers, tmp_path: Path
) -> None:
    """A stage, the store and `newsflow status`, each with a certificate of its own."""
    redis_url, mongo_url = servers.redis_url(), servers.mongo_url()
    settings = StoreSettings(redis_url=redis_url, mongo_url=mongo_url)
    async with Redis.from_url(redis_url) as redis:
        await add(redis)
        store = store_app.create(settings)

        async def stored() -> bool:
            view = await look(settings, health_urls={}, inbox=tmp_path)
            assert view.problems == []
            return view.documents == 1

        async with (
            enriching(redis, Recorder(), redis_url=redis_url),
            store.app.start_lifespan_context(),
        ):
            await until(stored, within_s=30)


async def connecting(url: str) -> None:
    """Connect as a service does, for a while."""
    broker: RedisBroker = create_broker(Settings(redis_url=url), metrics=Metrics("enrich"))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await connect(broker, stage="enrich")
    finally:
        await broker.stop()


async def opening(url: str) -> None:
    """Open MongoDB as store does, for a while."""
    mongo = Mongo(StoreSettings(mongo_url=url))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await mongo.open()
    finally:
        await mongo.close()


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for a server of MongoDB for 0.4 s, not for ten."""
    monkeypatch.setattr(store_mongo, "_TIMEOUT_MS", 400)
    monkeypatch.setattr(store_mongo, "_SELECTION_MS", 400)


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({"ca": "foreign"}, "nobody we know signed its certificate: name the file of who did in "),
        ({"ca": ""}, "nobody we know signed its certificate"),
        ({"host": "localhost"}, "is not the name in its certificate"),
    ],
    ids=["another authority", "no authority", "another name"],
)
@pytest.mark.usefixtures("_impatient")
async def test_a_certificate_that_does_not_do_ends_it_in_one_sentence(
    servers: Servers, options: dict[str, str], change: str
) -> None:
    """Waiting makes no certificate better."""
    with pytest.raises(UnusableRedis, match=change) as redis_said:
        await connecting(servers.redis_url(**options))
    with pytest.raises(UnusableMongo, match=change) as mongo_said:
        await opening(servers.mongo_url(**options))

    for raised in (redis_said, mongo_said):
        assert len(str(raised.value)) < 250
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("plain", "if it demands TLS, write `{tls}`"),
        ("no client", "if it demands a client's certificate, `"),
        ("unknown host", "is the host in NEWSFLOW_{name}_URL right?"),
    ],
)
@pytest.mark.usefixtures("_impatient")
async def test_what_may_pass_is_waited_for_with_a_hint(
    servers: Servers, asked: str, hint: str
) -> None:
    """A server may be on its way; the log says what may be wrong, and nobody is stormed."""
    redis, mongo = {
        "plain": (
            f"redis://127.0.0.1:{servers.redis_port}/0",
            f"mongodb://127.0.0.1:{servers.mongo_port}/?replicaSet=newsflow",
        ),
        "no client": (servers.redis_url(client=""), servers.mongo_url(client="")),
        "unknown host": ("redis://no.invalid:1/0", "mongodb://no.invalid:1/?replicaSet=newsflow"),
    }[asked]

    with capture_logs() as said:
        ends = await asyncio.gather(connecting(redis), opening(mongo), return_exceptions=True)

    assert [type(end) for end in ends] == [TimeoutError, TimeoutError]
    names = {
        "waiting for Redis": ("REDIS", "rediss://"),
        "waiting for MongoDB": ("MONGO", "tls=true"),
    }
    assert {line["event"] for line in said} == names.keys()
    for line in said:
        name, tls = names[line["event"]]
        assert hint.format(name=name, tls=tls) in line["hint"]
    assert len(said) < 12


@pytest.mark.usefixtures("_impatient")
async def test_another_replica_set_ends_it_in_one_sentence(mongo_url: str) -> None:
    """Its members are who they are."""
    with pytest.raises(UnusableMongo, match="mend `replicaSet` in NEWSFLOW_MONGO_URL"):
        await opening(mongo_url.replace("replicaSet=newsflow", "replicaSet=other"))


@pytest.mark.usefixtures("_impatient")
async def test_tls_to_a_plain_port_is_waited_for_with_a_hint(mongo_url: str) -> None:
    """MongoDB hangs up on it; Redis says nothing, and the connection times out."""
    with capture_logs() as said, pytest.raises(TimeoutError):
        await opening(f"{mongo_url}&tls=true")

    assert {line["hint"] for line in said} == {
        "it seems to speak no TLS: leave out `tls=true` in NEWSFLOW_MONGO_URL"
    }
