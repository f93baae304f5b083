"""Traces for OpenTelemetry: where articles were, and how long, sent by OTLP when it is configured.

    ingest file                          of a file: until all of it is published
    └── publish articles.raw             one an article
        └── process articles.raw         by enrich: from reading to acknowledgement
            ├── enrich                   a batch, linked to and from each article in it
            └── publish articles.enriched
                └── process articles.enriched
                    └── store            a batch, likewise

A span goes with the article beside it (shared/entries/traceparent.py). Without a collector nothing
here is imported, and no byte in Redis differs. Spans hold no text of articles.
"""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from shared.metrics import Metrics
from shared.part import Part
from shared.settings import InvalidSettings, Settings

if TYPE_CHECKING:
    from shared.traces.exporting import Traces

_PACKAGES: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def create(stage: str, settings: Settings, metrics: Metrics) -> "Traces | None":
    """Return what traces this process, None when there is nowhere to send traces.

    Raises InvalidSettings when there is, and the extra is not installed.
    """
    named = [name for name in _ENDPOINTS if os.environ.get(name)]
    if settings.otlp_endpoint:
        named.insert(0, "NEWSFLOW_OTLP_ENDPOINT")
    off = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if not named or off or os.environ.get("OTEL_TRACES_EXPORTER", "").strip() == "none":
        return None
    try:
        installed = all(find_spec(name) for name in _PACKAGES)
    except ModuleNotFoundError:  # not even a package above it is there
        installed = False
    if not installed:
        msg = f"{named[0]}: traces need more than is installed: pip install 'newsflow[traces]'"
        raise InvalidSettings(msg)
    from shared.traces.exporting import Traces  # noqa: PLC0415 (OpenTelemetry is an extra)

    return Traces(stage, settings, metrics)


def parts(traces: "Traces | None") -> dict[str, Part]:
    """Return it as the first part of a service, which is closed the last; nothing for None."""
    return {"traces": traces} if traces else {}
