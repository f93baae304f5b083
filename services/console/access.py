"""Who may do what: the token, sessions made from it, and what forms carry. Pure.

A session is `ISSUED.NONCE.MAC`, signed with the token: it ends after half a day, or with another
token, and needs no memory. A form carries a MAC of its session, which another site cannot know.
"""

import hmac
from hashlib import sha256
from typing import Final

SESSION_S: Final = 12 * 3600


class Access:
    """What the token opens."""

    def __init__(self, token: str) -> None:
        self._key = token.encode()

    def is_token(self, given: str) -> bool:
        """Say whether `given` is the token, in the same time whatever it is."""
        return hmac.compare_digest(self._key, given.strip().encode("utf-8", "replace"))

    def session(self, *, now_s: float, nonce: str) -> str:
        """Return a new session."""
        said = f"{now_s:.0f}.{nonce}"
        return f"{said}.{self._mac('session', said)}"

    def is_session(self, given: str, *, now_s: float) -> bool:
        """Say whether `given` was made here, with this token, not too long ago."""
        said, _, mac = given.rpartition(".")
        if not said or not hmac.compare_digest(mac.encode(), self._mac("session", said).encode()):
            return False
        return 0 <= now_s + 60 - float(said.partition(".")[0]) <= SESSION_S

    def form_token(self, session: str) -> str:
        """Return what a form of this session carries."""
        return self._mac("form", session)

    def is_form_token(self, given: str, session: str) -> bool:
        """Say whether a form was given to this session."""
        return hmac.compare_digest(given.encode(), self.form_token(session).encode())

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}:{text}".encode(), sha256).hexdigest()
