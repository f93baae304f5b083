"""Receipts: what came of a file, as JSON beside its archived copy."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from pydantic import AwareDatetime, BaseModel, ValidationError

from services.ingest.ledger import Life
from services.ingest.results import Results
from services.ingest.shelf import RECEIPT
from shared.errors import NewsflowError


class BadReceipt(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A file of a receipt's name that does not read as one; the text says why."""


class Receipt(BaseModel):
    """What a receipt says, see `write`, but for what became of each failed record."""

    file: str
    partition: str = ""
    sha256: str
    received_at: AwareDatetime
    records: int
    published: int
    duplicate: int
    failed: int
    set_aside: list[str]
    article_ids: list[str] = []


def write(  # noqa: PLR0913 (each a fact that it says)
    target: Path,
    life: Life,
    results: Results,
    *,
    set_aside: Sequence[str],
    finished_at: datetime,
    partition: str = "",
) -> None:
    """Write the receipt of a file, which may be of a million records, to `target`.

    `records` is the sum of `published`, `duplicate` and `failed`. A duplicate is a record that
    says the same as an earlier one of its file, which was not published again. `partition` is
    where they were published, if there are any.
    """
    head = {
        "file": life.path,
        **({"partition": partition} if partition else {}),
        "sha256": life.sha256,
        "bytes": life.size,
        "received_at": datetime.fromtimestamp(life.received_ms / 1000, UTC).isoformat(),
        "finished_at": finished_at.isoformat(timespec="milliseconds"),
        "records": life.records,
        "published": life.published,
        "duplicate": life.duplicate,
        "failed": life.failed,
        "reason": life.reason or None,
        "set_aside": list(set_aside),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.part")
    with half.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, indent=2)[:-2])
        failures = (failure._asdict() for failure in results.failures())
        _list(file, "failures", ({k: f[k] for k in _SHOWN} for f in failures))
        _list(file, "article_ids", results.article_ids())
        file.write("\n}\n")
    half.replace(target)


_SHOWN: Final = ("record", "member", "start", "end", "reason")


def _list(file: TextIO, name: str, values: Iterable[Any]) -> None:
    file.write(f',\n  "{name}": [')
    before = "\n    "
    for value in values:
        file.write(before + json.dumps(value, ensure_ascii=False))
        before = ",\n    "
    file.write("]" if before == "\n    " else "\n  ]")


def every(archive: Path) -> list[Path]:
    """Return all receipts, the oldest day first."""
    return sorted(archive.rglob(f"*{RECEIPT}"))


def read(path: Path) -> Receipt:
    """Return what a receipt says. Raises BadReceipt."""
    with _reading():
        return Receipt.model_validate_json(path.read_bytes())


def glance(path: Path, *, most: int) -> dict[str, Any]:
    """Return a receipt with at most so many of its failures and none of its ids.

    It is read as it was written, line by line, and no further: one may list a million articles.
    Raises BadReceipt.
    """
    with _reading():
        shown = _glanced(path, most)
        Receipt.model_validate(shown)
        return shown


def _glanced(path: Path, most: int) -> dict[str, Any]:
    head: list[str] = []
    failures: list[Any] = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith('  "failures": ['):
                break
            head.append(line)
        for line in file:
            if len(failures) == most or not line.startswith("    "):
                break
            failures.append(json.loads(line.strip().removesuffix(",")))
    return {**json.loads("".join(head).rstrip().removesuffix(",") + "}"), "failures": failures}


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadReceipt(error.strerror or str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadReceipt(f"{where}: {first['msg']}" if where else first["msg"]) from None
    except (ValueError, TypeError) as error:
        msg = f"not JSON: {error}"
        raise BadReceipt(msg) from None


def find(name: str, places: Sequence[Path]) -> list[Path]:
    """Return the receipts below `places` of files called `name`, the newest first."""
    wanted = Path(name).name.removesuffix(RECEIPT)
    there = (path for place in places for path in place.rglob(f"*{RECEIPT}"))
    found = [path for path in there if _is_of(path, wanted)]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _is_of(path: Path, wanted: str) -> bool:
    of = path.name.removesuffix(RECEIPT)
    stem, suffix = Path(wanted).stem, Path(wanted).suffix
    return of == wanted or (of.startswith(f"{stem}.") and of.endswith(suffix) and suffix != "")
