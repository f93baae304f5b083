"""Every alert fires on what it is for, is quiet otherwise, and has its entry in the runbook."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

FIRED_AT = "200m"
# What is scraped once a minute, in promtool's notation: the first fires, the second does not.
CASES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "NewsflowDown": ({'up{job="newsflow"}': "0x240"}, {'up{job="newsflow"}': "1x240"}),
    "NewsflowAbsent": ({'up{job="other"}': "1x240"}, {'up{job="newsflow"}': "1x240"}),
    **{
        alert: (
            {f'newsflow_up{{stage="store",check="{check}"}}': "0x240"},
            {f'newsflow_up{{stage="store",check="{check}"}}': "1x240"},
        )
        for alert, check in {
            "NewsflowRedisAway": "redis",
            "NewsflowMongoAway": "mongo",
            "NewsflowNotReading": "delivery",
            "NewsflowFilesStuck": "inbox",
        }.items()
    },
    "NewsflowArticlesWait": (
        {'newsflow_oldest_seconds{stage="store"}': "61x240"},
        {'newsflow_oldest_seconds{stage="store"}': "59x240"},
    ),
    "NewsflowLagGrows": (
        {'newsflow_lag{stage="enrich"}': "2000+10x240"},
        {'newsflow_lag{stage="enrich"}': "9000-10x240"},
    ),
    "NewsflowDeadShare": (
        {
            'newsflow_articles_total{stage="enrich",status="dead"}': "0+6x240",
            'newsflow_articles_total{stage="enrich",status="enriched"}': "0+94x240",
        },
        {
            'newsflow_articles_total{stage="enrich",status="dead"}': "0+4x240",
            'newsflow_articles_total{stage="enrich",status="enriched"}': "0+96x240",
        },
    ),
    "NewsflowHolding": (
        {'newsflow_holding{stage="store"}': "1x240"},
        {'newsflow_holding{stage="store"}': "0x240"},
    ),
    "NewsflowInvalid": (
        {'newsflow_invalid_ratio{stage="enrich"}': "0.21x240"},
        {'newsflow_invalid_ratio{stage="enrich"}': "0.2x240"},
    ),
    "NewsflowSourceQuiet": (
        {'newsflow_producer_articles{producer="wire"}': "0+2x60 120x180"},
        {'newsflow_producer_articles{producer="wire"}': "0+2x240"},
    ),
    "NewsflowRedisMemory": (
        {"newsflow_redis_memory_bytes": "76x240", "newsflow_redis_memory_limit_bytes": "100x240"},
        {"newsflow_redis_memory_bytes": "76x240", "newsflow_redis_memory_limit_bytes": "0x240"},
    ),
    "NewsflowDisk": (
        {'newsflow_disk_free_bytes{folder="inbox"}': "1000000000x240"},
        {'newsflow_disk_free_bytes{folder="inbox"}': "9000000000x240"},
    ),
    "NewsflowTracesLost": (
        {'newsflow_spans_dropped_total{stage="store"}': "0+5x240"},
        {'newsflow_spans_dropped_total{stage="store"}': "5x240"},
    ),
}


@pytest.fixture(scope="session")
def promtool(root: Path) -> str:
    """Prometheus's own checker: of PATH, or out of Debian's package, kept in .venv."""
    if found := shutil.which("promtool"):
        return found
    kept = root / ".venv" / "promtool"
    tool = kept / "usr" / "bin" / "promtool"
    if not tool.exists():
        kept.mkdir(exist_ok=True)
        get = "apt-get download -q prometheus"
        get = f"{get} || (apt-get update -q && {get})"
        unpack = "dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool && rm *.deb"
        ended = subprocess.run(["bash", "-c", f"({get}) && {unpack}"], cwd=kept, check=False)
        assert ended.returncode == 0, "promtool is missing: sudo apt-get install prometheus"
    return str(tool)


def rules(root: Path) -> list[dict[str, Any]]:
    loaded = yaml.safe_load((root / "deploy" / "prometheus" / "alerts.yml").read_text())
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def exprs(root: Path) -> list[str]:
    """Return what the dashboard asks for, with Grafana's own interval filled in."""
    dashboard = json.loads((root / "deploy" / "grafana" / "newsflow.json").read_text())
    return [
        target["expr"].replace("$__rate_interval", "1m")
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]


def run(*command: str | Path) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_rules_and_the_scrape_configuration_are_prometheus_own(root: Path, promtool: str) -> None:
    """As promtool checks them, templates included."""
    run(promtool, "check", "rules", root / "deploy" / "prometheus" / "alerts.yml")
    run(promtool, "check", "config", root / "deploy" / "prometheus" / "prometheus.yml")


def test_every_alert_fires_and_is_quiet(root: Path, promtool: str, tmp_path: Path) -> None:
    """Each has a case in which it fires, and one near it in which it does not."""
    assert set(CASES) == {rule["alert"] for rule in rules(root)}
    tests = [
        {
            "interval": "1m",
            "name": f"{alert} {'fires' if fires else 'is quiet'}",
            "input_series": [{"series": name, "values": each} for name, each in given.items()],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})',
                    "eval_time": FIRED_AT,
                    "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
                }
            ],
        }
        for alert, (firing, quiet) in CASES.items()
        for fires, given in ((True, firing), (False, quiet))
    ]
    file = tmp_path / "tests.yml"
    alerts = str(root / "deploy" / "prometheus" / "alerts.yml")
    file.write_text(yaml.safe_dump({"rule_files": [alerts], "tests": tests}))

    run(promtool, "test", "rules", file)


def test_every_alert_has_its_entry_in_the_runbook(root: Path) -> None:
    """Its anchor is there, and what it means, where to look, what to do and when it is over."""
    text = (root / "docs" / "operations.md").read_text()
    entries = dict(re.findall(r"^#### (Newsflow\w+)\n(.*?)(?=^#)", text, re.MULTILINE | re.DOTALL))

    assert set(entries) == {rule["alert"] for rule in rules(root)}
    for rule in rules(root):
        anchor = f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["annotations"]["runbook"] == anchor
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        entry = entries[rule["alert"]]
        assert all(word in entry for word in ("**Look:** `", "**Do:**", "**Over:**")), rule["alert"]


def test_the_dashboard_asks_prometheus_and_needs_no_plugin(
    root: Path, promtool: str, tmp_path: Path
) -> None:
    """Every expression parses; panels are Grafana's own, of a data source that is chosen."""
    dashboard = json.loads((root / "deploy" / "grafana" / "newsflow.json").read_text())
    file = tmp_path / "rules.yml"
    asked = [{"record": f"asked:{at}", "expr": one} for at, one in enumerate(exprs(root))]
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": asked}]}))

    run(promtool, "check", "rules", file)
    assert {panel["type"] for panel in dashboard["panels"]} == {"timeseries"}
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {"${datasource}"}
