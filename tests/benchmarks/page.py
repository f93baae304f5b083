"""docs/benchmarks.md and its plots, written from the last complete run that was kept.

    python -m tests.benchmarks.page           # write them anew from docs/benchmarks/results.json
    python -m tests.benchmarks.page --take    # take var/benchmarks/ into that first

A test holds page, plots and JSON together. What was found out, and why, is prose of its own, in
docs/benchmarks/notes.md.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import plots
from tests.benchmarks.__main__ import TOGETHER, gather
from tests.benchmarks.counters import BASELINE
from tests.benchmarks.results import VAR

DOCS: Final = Path(__file__).parent.parent.parent / "docs"
RESULTS: Final = DOCS / "benchmarks" / "results.json"
Results = Mapping[str, Any]
_PAGE_MS: Final = 100
_PAINT_MS: Final = 200

_HEAD: Final = """\
# Benchmarks

`make bench` measures on the machine it runs on, in less than half an hour; `make bench-page` writes
this page and its plots from [what was kept](benchmarks/results.json). Both sides of a ratio take
turns in one run, after a round to warm up; figures are medians, with the least and the most. Ratios
can be compared from machine to machine, seconds cannot. What was found out on the way, and why
things are as they are, stands in the [notes](benchmarks/notes.md).
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.page")
    parser.add_argument("--take", action="store_true", help="take what the last runs have kept")
    if parser.parse_args().take:
        gather(VAR)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(TOGETHER.read_text())
    for path, text in documents(json.loads(RESULTS.read_text())).items():
        path.write_text(text)


def documents(results: Results) -> dict[Path, str]:
    """Return page and plots by their paths."""
    latency = results["latency"]["figures"]
    drawn = {
        "ratios": plots.ratios([(name, one, goal) for name, *_, one, goal in _limits(results)]),
        "peers": plots.bars(
            [(name, rate, name == "Newsflow") for name, rate, _ in _peers(results)],
            "articles a second, a backlog of messages to documents, without tagging",
        ),
        "latency": plots.percentiles(_latencies(latency)),
        "stages": plots.bars(
            [(name, ms, True) for name, ms in latency["stages_ms"].items()],
            "milliseconds of an idle file's way, medians",
        ),
    }
    if "growth" in results:
        drawn["growth"] = plots.growth(results["growth"]["figures"]["articles"]["points"])
    page = [_HEAD, _machine(results), _ratios(results), _alternatives(results)]
    page += [_latency(latency), _growth(results), _console(results)]
    page.append(_counters(json.loads(BASELINE.read_text())))
    written = {DOCS / "benchmarks.md": "\n".join(part for part in page if part)}
    return written | {DOCS / "benchmarks" / f"{name}.svg": svg for name, svg in drawn.items()}


def _machine(results: Results) -> str:
    last = results["pipeline"]
    machine, versions = last["machine"], last["versions"]
    commits = " and ".join(dict.fromkeys(one["commit"] for one in results.values()))
    loads = ", ".join(
        f"{name} {one['load_before'][0]} to {one['load_after'][0]}" for name, one in results.items()
    )
    libraries = ", ".join(f"{name} {versions[name]}" for name in ("faststream", "redis", "motor"))
    return f"""\
Run of {last["began_at"][:10]}, commit {commits}: {machine["cores"]} cores of
{machine["processor"]}, {machine["memory_gib"]} GiB, Linux {machine["kernel"]}, Python
{machine["python"]}, Valkey {versions["valkey"]}, mongod {versions["mongod"]}, {libraries}. Articles
are invented wire stories of 440 words. Load average before and after each part: {loads}.
{_busy(results, machine["cores"])}"""


def _busy(results: Results, cores: int) -> str:
    """Return what is to be said of a machine that others used meanwhile; nothing of a quiet one."""
    busy = [name for name, one in results.items() if one["load_before"][0] > 2 * cores]
    if not busy:
        return ""
    return f"""
**Others used the machine meanwhile** ({", ".join(busy)}): rates and times of these parts are worse
than the machine's own, and ratios are what chance made of them. Figures of a quiet machine stand in
the notes. Commands, bytes and what was lost do not depend on it.
"""


def _limits(results: Results) -> list[tuple[str, Any, Any, Any, float]]:
    """Return, of each path: its name, our rate, the raw limit's, the ratio, the goal."""
    intake, tags = results["intake"]["figures"], results["enriching"]["figures"]
    [size] = results["storing"]["figures"]["sizes"]
    pipeline, rate = results["pipeline"]["figures"], tags["articles_per_s"]
    rates, to = pipeline["per_s"], pipeline["newsflow_to"]
    service, heads = "the service", "raw heads"
    return [
        (
            "a file to the stream",
            intake["lines_per_s"],
            intake["raw_loop_per_s"],
            intake["ratio"],
            0.6,
        ),
        ("stream to stream", rates["relay: newsflow"], rates["relay: raw"], to["relay: raw"], 0.85),
        (
            "stream to MongoDB",
            size[service]["rate"],
            size[heads]["rate"],
            size["ratios"][heads][service],
            0.75,
        ),
        ("a file to MongoDB", rates["file: newsflow"], rates["file: raw"], to["file: raw"], 0.75),
        ("with tagging", rate[service], rate["the tagger"], tags["to_tagger"][service], 0.95),
    ]


_RAW: Final = (
    "orjson, `RawArticle` and `XADD` in pipelines of 500",
    "redis-py: `XREADGROUP`, validate, encode, `XADD` and `XACK` in pipelines of 200",
    "bulks of upserts of the heads alone, majority and journal",
    "one process of redis-py and motor: through a stream, then revision and head in bulks of 200",
    "the tagger alone, by CPU; it finds names, and nothing else",
)


def _ratios(results: Results) -> str:
    rows = [
        (name, _many(ours), _many(raw), what, _range(one), f"{goal} {_met(one['median'] >= goal)}")
        for (name, ours, raw, one, goal), what in zip(_limits(results), _RAW, strict=True)
    ]
    chain = results["enriching"]["figures"]["to_enrich"]["the service"]["median"]
    [size] = results["storing"]["figures"]["sizes"]
    both = size["ratios"]["raw heads and revisions"]["the service"]["median"]
    head = ("", "Newsflow, articles a second", "raw limit", "which is", "ratio", "goal")
    return f"""\
## Beside the raw limit

![ratios to the raw limit](benchmarks/ratios.svg)

{_table(head, rows)}

All but the last without tagging (`NEWSFLOW_READ_LATER`), one process a stage. With tagging, the
service does {chain:.2f} of what the whole chain of reading (language, footers, names, places,
quotes, topics, signature) does in a process without Redis. Bulks of heads and revisions are what
store writes, too: its rate is {both:.2f} of theirs.
"""


def _peers(results: Results) -> list[tuple[str, float, float]]:
    figures = results["pipeline"]["figures"]
    of = {
        name.partition(": ")[2]: rate["median"]
        for name, rate in figures["per_s"].items()
        if "stream:" in name
    }
    return [
        (
            "Newsflow" if name == "newsflow" else name,
            rate,
            figures["newsflow_to"][f"stream: {name}"]["median"],
        )
        for name, rate in of.items()
    ]


def _alternatives(results: Results) -> str:
    lost = results["pipeline"]["figures"].get("lost", {})
    rows = []
    for name, rate, times in _peers(results):
        one = lost.get(name.replace("Newsflow", "newsflow"))
        said = f"{one['missing']:,} of {one['sent']:,}" if one else ""
        rows.append((name, f"{rate:,}", f"{times:.1f}" if times != 1 else "", said))
    head = ("", "articles a second", "Newsflow, times this", "lost in the kill -9 test")
    return f"""\
## What people would use instead

![articles a second, of Newsflow and of its peers](benchmarks/peers.svg)

{_table(head, rows)}

A backlog of messages to documents on the same servers, without tagging. The peers
(`tests/benchmarks/peers`, 30 lines each) work a message at a time, which is how they are used, with
late acknowledgement and durable writes. Lost is what never arrives within a minute, once all
processes of a way were killed three times within the backlog and started again.
"""


def _latencies(latency: Results) -> list[tuple[str, Any, float | None]]:
    idle, loaded, load = latency["idle"], latency["loaded"], latency["load_per_s"]
    return [
        ("a file, idle", idle["file_ms"], 150),
        ("XADD, idle", idle["xadd_ms"], 150),
        (f"a file, {load} a second", loaded["file_ms"], None),
        (f"XADD, {load} a second", loaded["xadd_ms"], None),
        ("raw: one durable write", latency["raw_ms"], None),
    ]


def _latency(latency: Results) -> str:
    rows = [(name, one["p50"], one["p95"], one["p99"]) for name, one, _ in _latencies(latency)]
    rows.append(
        (
            "/health of enrich, a backlog",
            *(latency["health_ms"][it] for it in ("p50", "p95", "p99")),
        )
    )
    idle = latency["idle"]
    p50 = max(idle["file_ms"]["p50"], idle["xadd_ms"]["p50"])
    p99 = max(idle["file_ms"]["p99"], idle["xadd_ms"]["p99"])
    steps = [(name, ms) for name, ms in latency["stages_ms"].items()]
    return f"""\
## Latency, with tagging

![percentiles of latency](benchmarks/latency.svg)

{_table(("milliseconds until it is readable in MongoDB", "p50", "p95", "p99"), rows)}

Of {idle["file_ms"]["rounds"]} articles each, one process a stage. Idle, the goals are 60 ms for
half of them ({_met(p50 <= 60)}) and 150 ms for 99 % ({_met(p99 <= 150)}). A backlog goes through at
{latency["capacity_per_s"]} a second; half of that is the load.

Where the time of an idle file goes, to the millisecond, medians:

![milliseconds by stage](benchmarks/stages.svg)

{_table(("until", "ms"), steps)}
"""


def _growth(results: Results) -> str:
    if "growth" not in results:
        return ""
    kept = results["growth"]
    figures = kept["figures"]
    processes = ("ingest", "enrich", "store", "redis itself", "mongo")
    rows = [
        (
            f"{point['articles']:,}",
            f"{point['per_s']:,}",
            *(f"{point['memory_mb'][name]:,}" for name in processes),
            f"{point['on_streams']['articles.raw']:,}",
            f"{sum(size for name, size in point['disk_mb'].items() if name != 'redis'):,}",
        )
        for point in figures["articles"]["points"]
    ]
    head = ("stored", "articles a second", *processes, "on articles.raw", "MongoDB's disk")
    load = f"{kept['load_before'][0]} to {kept['load_after'][0]}"
    return f"""\
## As articles gather

![rate and memory up to a million articles](benchmarks/growth.svg)

{_table(head, rows)}

`make bench-growth`, without tagging; memory and disk in MiB, Redis by its own count; commit
{kept["commit"]}, load {load}. The next file of 10,000 comes when fewer than that are on their way.
MongoDB takes the cache it is given, a quarter of the machine.

{_backlogs(figures)}"""


def _backlogs(figures: Results) -> str:
    processes = ("ingest", "enrich", "store", "redis itself")
    rows = []
    for name, called in (("stream", "messages on `articles.raw`"), ("files", "files in the inbox")):
        if name in figures:
            one = figures[name]
            memory = [one["memory_mb"][process] for process in processes]
            what = f"{one['bytes'] / 1e9:.0f} GB, {called}"
            numbers = (f"{one[number]:,}" for number in ("articles", "seconds", "per_s"))
            rows.append((what, *numbers, *(f"{first:,} · {last:,}" for first, last, _ in memory)))
    if not rows:
        return ""
    head = ("a backlog", "articles", "seconds", "a second", "ingest", "enrich", "store", "Redis")
    return f"""\
{_table(head, rows)}

Most memory in the first quarter of the time · in the last, MiB.
"""


def _console(results: Results) -> str:
    if "console" not in results:
        return ""
    kept = results["console"]
    figures = kept["figures"]
    rows = [
        (
            name,
            *(one["ms"][cut] for cut in ("p50", "p95", "p99")),
            f"{one['bytes']:,}",
            *(f"{one['paint_ms'][cut]:.0f}" for cut in ("p50", "p95")),
        )
        for name, one in figures["pages"].items()
    ]
    slow = [name for name, one in figures["pages"].items() if one["ms"]["p95"] > _PAGE_MS]
    late = [name for name, one in figures["pages"].items() if one["paint_ms"]["p50"] > _PAINT_MS]
    head = ("page", "p50, ms", "p95", "p99", "bytes", "first paint p50, ms", "p95")
    load = f"{kept['load_before'][0]} to {kept['load_after'][0]}"
    rounds = next(iter(figures["pages"].values()))["ms"]["rounds"]
    return f"""\
## The console

{_table(head, rows)}

`make bench-console`, with {figures["articles"]:,} articles stored; commit {kept["commit"]}, load
{load}. Of {rounds} requests each, over HTTP, packed; the first contentful paint of
visitors with nothing in their cache. The goals are {_PAGE_MS} ms for 95 % of the requests (not met
by: {_few(slow)}) and {_PAINT_MS} ms for the paint (not met by: {_few(late)}).
"""


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _counters(baseline: Results) -> str:
    counts = baseline["counts"]
    rows = []
    for stage, one in counts.items():
        asked = {
            server: sum(
                count
                for name, count in one.items()
                if name.startswith(server) and "bytes" not in name
            )
            for server in ("Redis", "MongoDB")
        }
        sizes = (
            one.get(f"{server} bytes {way}")
            for server in ("Redis", "MongoDB")
            for way in ("in", "out")
        )
        rows.append(
            (
                stage,
                *(f"{asked[it]:.2f}" for it in asked),
                *(f"{size:,.0f}" if size else "" for size in sizes),
            )
        )
    head = (
        "an article costs",
        "Redis commands",
        "MongoDB commands",
        "bytes to Redis",
        "from Redis",
        "to MongoDB",
        "from it",
    )
    return f"""\
## What is the same every time

{_table(head, rows)}

Commands of scripts are counted one by one; one of MongoDB carries many articles.
`tests/contract/test_counters.py` compares them with `tests/benchmarks/baseline.json` in every
`make test`.
"""


def _met(is_met: bool) -> str:
    return "met" if is_met else "not met"


def _many(one: Mapping[str, float]) -> str:
    return f"{one['median']:,.0f}"


def _range(one: Mapping[str, float]) -> str:
    return f"{one['median']:.2f} ({one['min']:.2f} to {one['max']:.2f})"


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    main()
