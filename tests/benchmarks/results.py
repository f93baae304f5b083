"""What a benchmark keeps: its figures, and the machine, versions and load they were taken with.

Every part writes one JSON file below var/benchmarks/. Nothing in it names a host or a path.
"""

import json
import os
import platform
import re
import statistics
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from services.devstack import servers

VAR: Final = Path("var/benchmarks")
LIBRARIES: Final = ("faststream", "redis", "motor", "pymongo", "pydantic", "celery", "taskiq")
_GIB: Final = 1024**3

Figures = dict[str, Any]


class Run:
    """One part of the benchmarks, from its start to what it keeps."""

    def __init__(self, part: str, keep: Path | None = None) -> None:
        self.part = part
        self.path = keep or VAR / f"{part}.json"
        self._began_at = datetime.now(UTC)
        self._began = time.monotonic()
        self._load = _load()

    def keep(self, figures: Figures) -> Figures:
        """Write the figures with what they depend on; return all that was written."""
        kept = {
            "part": self.part,
            "began_at": f"{self._began_at:%Y-%m-%dT%H:%M:%SZ}",
            "seconds": round(time.monotonic() - self._began),
            "load_before": self._load,
            "load_after": _load(),
            "commit": commit(),
            "machine": machine(),
            "versions": versions(),
            "figures": figures,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(kept, indent=2) + "\n")
        return kept


def spread(values: Sequence[float], digits: int = 0) -> Figures:
    """Return the median of the rounds that were measured, the least and the most."""
    median, least, most = statistics.median(values), min(values), max(values)
    return {
        name: round(value, digits) if digits else round(value)
        for name, value in (("median", median), ("min", least), ("max", most))
    } | {"rounds": len(values)}


def ratio(ours: Sequence[float], other: Sequence[float]) -> Figures:
    """Return ours to the other's, round by round of one run: the two took turns."""
    return spread([mine / theirs for mine, theirs in zip(ours, other, strict=True)], 2)


def percentiles(seconds: Sequence[float]) -> Figures:
    """Return p50, p95 and p99 in milliseconds."""
    cuts = statistics.quantiles([one * 1000 for one in seconds], n=100, method="inclusive")
    return {
        "p50": round(cuts[49], 1),
        "p95": round(cuts[94], 1),
        "p99": round(cuts[98], 1),
        "rounds": len(seconds),
    }


def cpu_s(pid: int | None) -> float:
    """Return the CPU time of a process so far; see proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int | None) -> int:
    """Return the resident memory of a process, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024**2


def machine() -> Figures:
    """Return what the figures were measured on; it names no host."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(pages / _GIB),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Return the versions of the servers and of the libraries that set the pace."""
    found = {name: version(name) for name in LIBRARIES}
    for name, server in (("valkey", servers.redis_server()), ("mongod", servers.mongod())):
        if server:
            said = subprocess.run([server, "--version"], capture_output=True, text=True, check=True)
            found[name] = (re.findall(r"\d+\.\d+\.\d+", said.stdout) or ["unknown"])[0]
    return found


def commit() -> str:
    """Return the commit that was measured, with a `+` when files differ from it."""
    asked = ("git", "describe", "--always", "--abbrev=8", "--dirty=+", "--exclude=*")
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _load() -> list[float]:
    return [round(load, 2) for load in os.getloadavg()]
