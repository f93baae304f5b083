"""Each service runs as in its container: the code, requirements.lock and nothing else."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from services.devstack.processes import Child
from services.devstack.servers import MongoServer, RedisServer, free_port
from tests.app.conftest import until

ROOT = Path(__file__).parent.parent.parent
UID = 10001  # as in the Dockerfile


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """What the Dockerfile copies and installs, readable by anybody, writable by nobody."""
    with tempfile.TemporaryDirectory(prefix="newsflow-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        pip = [str(folder / "venv" / "bin" / "pip"), "install", "--quiet", "--require-hashes"]
        subprocess.run([*pip, "-r", str(ROOT / "requirements.lock")], check=True)
        for package in ("shared", "services"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, folder / "app" / package, ignore=ignored)
        yield folder


@pytest.mark.timeout(400)
def test_the_three_services_make_a_document_of_a_file(
    image: Path, redis_server: RedisServer, mongo_server: MongoServer
) -> None:
    """As an unprivileged user where the tests run as root; no test or local package is there."""
    with MongoClient[dict[str, object]](mongo_server.url) as client:
        client.drop_database("newsflow")
    with tempfile.TemporaryDirectory(prefix="newsflow-data-") as name:
        data = Path(name)
        data.chmod(0o777)
        services = [
            Child(
                stage,
                [
                    *_unprivileged(),
                    *(image / "venv" / "bin" / "python", "-m", f"services.{stage}"),
                ],
                log=data / f"{stage}.log",
                env={
                    "PYTHONPATH": str(image / "app"),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "NEWSFLOW_REDIS_URL": redis_server.url,
                    "NEWSFLOW_MONGO_URL": mongo_server.url,
                    "NEWSFLOW_INBOX_DIR": str(data / "inbox"),
                    "NEWSFLOW_ARCHIVE_DIR": str(data / "archive"),
                    "NEWSFLOW_HEALTH_PORT": str(free_port()),
                },
            )
            for stage in ("ingest", "enrich", "store")
        ]
        for service in services:
            service.start()
        try:
            until((data / "inbox").is_dir)
            shutil.copy(ROOT / "seeds" / "02-wire-capitals.txt", data / ".half")
            (data / ".half").chmod(0o644)
            (data / ".half").rename(data / "inbox" / "oslo.txt")
            with MongoClient[dict[str, object]](mongo_server.url) as client:
                articles = client["newsflow"]["articles"]
                document = until(lambda: articles.find_one({"provenance.file.path": "oslo.txt"}))
        finally:
            codes = [service.stop(20) and service.exit_code for service in services]

    assert document["headline"] == "Central bank holds rates as inflation slows"
    assert codes == [0, 0, 0]


def _unprivileged() -> list[str]:
    """Return what makes root another user; who runs the tests as a user is one already.

    That user may read everything, because root's Python may stand in root's own folder.
    """
    if os.geteuid() != 0:
        return []
    may_read = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
    return ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", *may_read]
