"""Logs go out in few writes, however Python is started."""

import os
import subprocess
import sys

import pytest

_SAY = """
from shared import observability
observability.configure(level="info", log_format="json")
log = observability.get_logger("ingest")
with observability.together():
    for number in range(200):
        log.info("article", number=number)
log.info("alone")
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_lines_of_a_block_are_written_together(unbuffered: str) -> None:
    """Also with PYTHONUNBUFFERED, as images have it; a pipe in packet mode tells writes apart."""
    reads, writes = os.pipe2(os.O_DIRECT)
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen([sys.executable, "-c", _SAY], env=environment, stderr=writes) as process:
        os.close(writes)
        packets = list(iter(lambda: os.read(reads, 65536), b""))
    os.close(reads)

    assert process.returncode == 0
    assert b"".join(packets).count(b"\n") == 201
    assert len(packets) < 20
    assert b"alone" in packets[-1]
