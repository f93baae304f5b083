"""Pages from templates: all that is put into one is escaped, what Unicode would obey is shown."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.console.assets import Assets
from shared.plain import plain, plain_line

_FOLDER: Final = Path(__file__).parent / "templates"
_AGES: Final = (("d", 86_400), ("h", 3_600), ("min", 60))
_SIZES: Final = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
_FEW: Final = 10
_UNKNOWN: Final = "\N{EN DASH}"
NAV: Final = (
    ("/", "Flow"),
    ("/articles", "Articles"),
    ("/entities", "Entities"),
    ("/topics", "Topics"),
    ("/files", "Files"),
    ("/sources", "Sources"),
    ("/dead", "Dead letters"),
)


class Pages:
    """Renders templates. A filter `text` shows what would turn or hide other text."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "text": lambda value: plain_line(str(value)),
            "prose": lambda value: plain(str(value)),
            "count": count,
            "rate": rate,
            "age": age,
            "size": size,
            "time": time,
        }
        self._environment.globals |= {
            "static": assets.url,
            "style": assets.style,
            "nav": NAV,
        }

    def page(
        self, request: Request, template: str, context: Mapping[str, Any], *, status: int = 200
    ) -> HTMLResponse:
        """Return a page; `context` is what the template names."""
        section = "/" + request.url.path.strip("/").partition("/")[0]
        rendered = self._environment.get_template(template).render(
            {"section": section, "may_change": request.scope.get("session"), **context}
        )
        return HTMLResponse(rendered, status)


def count(number: int | None) -> str:
    """Return a number with commas; a dash when it is not known. `count` in format.js, too."""
    return _UNKNOWN if number is None else f"{number:,}"


def rate(per_second: float | None) -> str:
    """Return a rate; `rate` in format.js, too."""
    if per_second is None:
        return _UNKNOWN
    return f"{per_second:.1f}/s" if 0 < per_second < _FEW else f"{per_second:,.0f}/s"


def age(seconds: float | None) -> str:
    """Return a span of time by its largest unit; `age` in format.js, too."""
    if seconds is None:
        return _UNKNOWN
    for unit, length in _AGES:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def size(octets: int) -> str:
    """Return a size in bytes by its largest unit."""
    for unit, factor in _SIZES:
        if octets >= factor:
            return f"{octets / factor:.1f} {unit}"
    return f"{octets} B"


def time(moment: datetime | None) -> str:
    """Return a time in UTC, to the second."""
    return _UNKNOWN if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
