"""Look up what is locked among known holes.

    python -m tests.audit            ends with 1 when a hole is known, or nothing could be found out
    python -m tests.audit --check    once a day; where nothing can be found out it says so: 0

The data is PyPI's, of the Python Packaging Advisory Database; a mirror may have none.
"""

import json
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from tests.audit.findings import Verdict, verdict

ROOT: Final = Path(__file__).parents[2]
LOCK: Final = ROOT / "requirements-dev.lock"
STAMP: Final = ROOT / ".venv" / ".audited"
WITHIN_S: Final = 90


def ask() -> Verdict | str:
    """Return what pip-audit found out, or why it could not."""
    options = ("--disable-pip", "--no-deps", "--progress-spinner", "off", "--timeout", "10")
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "pip_audit", "-r", str(LOCK), "--format", "json", *options],
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN_S,
        )
        report = json.loads(ran.stdout)
    except subprocess.TimeoutExpired:
        return f"no answer within {WITHIN_S} s"
    except ValueError:
        return (ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"])[-1][:200]
    ignored = tomllib.loads((Path(__file__).parent / "ignored.toml").read_text())
    return verdict(report, ignored, today=datetime.now(UTC).date())


def main(*, is_check: bool) -> int:
    """Print one line, or a line for each hole; return the exit code."""
    asked = f"{datetime.now(UTC):%F} {sha256(LOCK.read_bytes()).hexdigest()}"
    if is_check and STAMP.exists():
        before, said = STAMP.read_text().splitlines()
        if before == asked:
            print(f"audit: {said} (asked today)")
            return 0
    found = ask()
    if isinstance(found, Verdict) and found.problems:
        print("\n".join(f"audit: {problem}" for problem in found.problems))
        print("audit: take a mended version, or say why not in tests/audit/ignored.toml")
        return 1
    is_good = isinstance(found, Verdict) and found.is_conclusive
    said = _said(found)
    print(f"audit: {said}")
    if is_check:
        STAMP.write_text(f"{asked}\n{said}\n")
    return 0 if is_good or is_check else 1


def _said(found: Verdict | str) -> str:
    if isinstance(found, Verdict) and found.is_conclusive:
        return f"{found.audited} packages, no known hole"
    if isinstance(found, Verdict):
        found = f"the index knows {found.audited} of {found.audited + found.unknown} packages"
    return f"NOT AUDITED: {found}; run `make audit` where pypi.org answers"


if __name__ == "__main__":
    sys.exit(main(is_check="--check" in sys.argv))
