"""The words of drivers, and what to change for them."""

import pytest

from shared.connecting import MONGO, REDIS, hint, is_refusal, lasting


def said(text: str) -> Exception:
    return ConnectionError(text)


def test_no_word_means_no_advice() -> None:
    """A port nobody listens on is waited for."""
    error = said("Error 111 connecting to 127.0.0.1:1. Connect call failed")

    assert (lasting(error, REDIS), hint(error, REDIS), is_refusal(error)) == (None, "", False)


def test_a_certificate_is_nobodys_or_anothers() -> None:
    """The option that mends it is named in the driver's own words."""
    strange = said("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed")
    other = said("[SSL: CERTIFICATE_VERIFY_FAILED] IP address mismatch")

    assert "`ssl_ca_certs=FILE`" in str(lasting(strange, REDIS))
    assert "`tlsCAFile=FILE`" in str(lasting(strange, MONGO))
    assert "not the name in its certificate" in str(lasting(other, MONGO))


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Name or service not known", "is the host in NEWSFLOW_REDIS_URL right?"),
        ("[SSL: WRONG_VERSION_NUMBER]", "leave out `rediss://`"),
        ("Connection closed by server.", "write `rediss://`"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "`ssl_certfile=FILE&ssl_keyfile=FILE`"),
    ],
)
def test_what_may_pass_gets_a_hint(text: str, advice: str) -> None:
    """It may be a server that is starting."""
    assert advice in hint(said(text), REDIS)


@pytest.mark.parametrize(
    "text",
    [
        "invalid username-password pair or user is disabled.",
        "Authentication required.",
        "User enrich has no permissions to run the 'xadd' command",
        "No permissions to access a key",
        "ACL failure in script: No permissions to access the 'x' key",
    ],
)
def test_a_refusal_is_an_operators_matter(text: str) -> None:
    """Of Redis 7.0 and of Valkey."""
    assert is_refusal(said(text))
