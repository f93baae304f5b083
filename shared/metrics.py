"""Every metric Newsflow exports, with its labels. docs/operations.md adds FastStream's own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.outcome import STATUSES, Status


class Metrics:
    """The metrics of one process, in a registry of its own."""

    def __init__(self, stage: str) -> None:
        self.registry = CollectorRegistry()
        articles = Counter(
            "newsflow_articles",
            "Articles by how a stage ended with them.",
            ["stage", "status"],
            registry=self.registry,
        )
        self.articles: dict[Status, Counter] = {
            status: articles.labels(stage, status) for status in STATUSES
        }
        self.lag = self._gauge("newsflow_lag", "Entries the stage has not read yet.", stage)
        self.pending = self._gauge(
            "newsflow_pending", "Entries read and not yet acknowledged.", stage
        )
        self.oldest_s = self._gauge(
            "newsflow_oldest_seconds", "Age of the oldest entry not acknowledged.", stage
        )
        self.dead = self._gauge("newsflow_dead", "Entries on articles.dead, of all stages.", stage)
        self.holding = self._gauge(
            "newsflow_holding", "1 while articles that would die are held back, else 0.", stage
        )
        self.invalid_ratio = self._gauge(
            "newsflow_invalid_ratio", "Share of the last 100 entries that were no article.", stage
        )
        self.spans_dropped: Counter = Counter(
            "newsflow_spans_dropped",
            "Spans of traces that no collector took.",
            ["stage"],
            registry=self.registry,
        ).labels(stage)
        self.batch_s: Histogram = Histogram(
            "newsflow_batch_seconds",
            "Time from reading a batch to its acknowledgement.",
            ["stage"],
            registry=self.registry,
        ).labels(stage)

    def _gauge(self, name: str, text: str, stage: str) -> Gauge:
        return Gauge(name, text, ["stage"], registry=self.registry).labels(stage)
