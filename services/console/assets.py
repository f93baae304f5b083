"""Scripts, styles and pictures, shipped with the package and held in memory.

Scripts and pictures are asked for, by a name that changes with them. Styles stand in the pages: a
page is first painted once its styles are there, and asking for them took half as long again. A
browser takes no other style, for the policy names their hashes.
"""

import mimetypes
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


class Assets:
    """The files of `static/`. One digest stands for all: modules import each other by name."""

    def __init__(self) -> None:
        paths = sorted(path for path in _FOLDER.rglob("*") if path.is_file())
        self._files = {path.relative_to(_FOLDER).as_posix(): path.read_bytes() for path in paths}
        whole = sha256()
        for name, content in self._files.items():
            whole.update(name.encode() + b"\0" + content)
        self.digest = whole.hexdigest()[:16]
        names = [name for name in self._files if name.endswith(".css")]
        self._styles = {name: self._files.pop(name) for name in names}
        self.style_hashes = tuple(
            f"'sha256-{b64encode(sha256(content).digest()).decode()}'"
            for content in self._styles.values()
        )

    def url(self, name: str) -> str:
        """Return where a file is; raises KeyError when there is none."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.digest}/{name}"

    def style(self, name: str) -> Markup:
        """Return a file of styles as an element; raises KeyError when there is none."""
        return Markup("<style>{}</style>").format(Markup(self._styles[name].decode()))  # noqa: S704 (ours)

    def answer(self, digest: str, name: str) -> Response | None:
        """Return a file, for good under today's digest; None when there is none."""
        content = self._files.get(name)
        if content is None:
            return None
        suffix = Path(name).suffix
        media = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        caching = _FOR_GOOD if digest == self.digest else "no-cache"
        return Response(content, media_type=media, headers={"cache-control": caching})
