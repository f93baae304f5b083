"""What to change when a server cannot be reached, read from the words of its driver. Pure.

A name that is not known yet, a port nobody listens on: waited for, with a hint in the log. What
waiting cannot mend ends a service at once, in one sentence.
"""

from typing import Final, NamedTuple


class Options(NamedTuple):
    """How the URL of a server says what its TLS needs."""

    variable: str
    tls: str
    authority: str
    certificate: str


REDIS: Final = Options(
    "NEWSFLOW_REDIS_URL",
    "rediss://",
    "ssl_ca_certs=FILE",
    "ssl_certfile=FILE&ssl_keyfile=FILE",
)
MONGO: Final = Options(
    "NEWSFLOW_MONGO_URL", "tls=true", "tlsCAFile=FILE", "tlsCertificateKeyFile=FILE"
)

_NOT_OURS: Final = "is not the name in its certificate: use a name that it holds"
_ANOTHER_SET: Final = "it is a member of another replica set: mend `replicaSet`"
_CERTIFICATE: Final = "CERTIFICATE_VERIFY_FAILED"
_OTHER_NAMES: Final = ("Hostname mismatch", "IP address mismatch")
_NO_SUCH_HOST: Final = ("Name or service not known", "name resolution", "No address associated")
_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "SSL handshake failed")
# NOPERM, WRONGPASS, NOAUTH as redis-py says them; for a script, as Valkey and Redis 7.0 do.
_REFUSALS: Final = (
    "no permissions",
    "No permissions",
    "invalid username-password pair",
    "Authentication required",
    "ACL failure in script",
    "The user executing the script can't",
)
_CLOSED: Final = (
    "closed by server",
    "connection closed",
    "Connection reset",
    "ALERT_CERTIFICATE_REQUIRED",
    "ALERT_UNKNOWN_CA",
)


def is_refusal(error: Exception) -> bool:
    """Say whether Redis knows us and refuses, or does not know us: an operator's matter."""
    return any(words in str(error) for words in _REFUSALS)


def lasting(error: Exception, options: Options) -> str | None:
    """Return what to change, of an error that waiting cannot mend; None for all others."""
    said = str(error)
    if _CERTIFICATE in said:
        if any(words in said for words in _OTHER_NAMES):
            return f"the host in {options.variable} {_NOT_OURS}"
        return (
            "nobody we know signed its certificate: name the file of who did in "
            f"{options.variable}, `{options.authority}`"
        )
    if "No replica set members available" in said:
        return f"{_ANOTHER_SET} in {options.variable}"
    return None


def hint(error: Exception, options: Options) -> str:
    """Return what may be wrong, of an error that may pass; nothing when there is no telling."""
    said = str(error)
    if any(words in said for words in _NO_SUCH_HOST):
        return f"is the host in {options.variable} right?"
    if any(words in said for words in _NO_TLS):
        return f"it seems to speak no TLS: leave out `{options.tls}` in {options.variable}"
    if any(words in said for words in _CLOSED):
        return (
            f"if it demands TLS, write `{options.tls}` in {options.variable}; if it demands a "
            f"client's certificate, `{options.certificate}`"
        )
    return ""
