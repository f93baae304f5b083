"""A token that is made at the start, where none is set; kept where its owner alone reads it."""

import secrets
from pathlib import Path


def kept(path: Path) -> str:
    """Return the token that `path` holds; it is made when there is none. Raises OSError."""
    try:
        if there := path.read_text().strip():
            return there
    except FileNotFoundError:
        pass
    token = secrets.token_hex(16)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(f"{token}\n")
    return token
