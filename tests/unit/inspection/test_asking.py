"""What processes answer on /health, whoever listens there."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.inspection.asking import ask

OK = b"HTTP/1.0 200 OK\r\n\r\n"


@contextmanager
def answering(said: bytes) -> Iterator[str]:
    """Say this to whoever asks; yield the address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.recv(65_536)
                peer.sendall(said)

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/health"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        serving.join()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"SSH-2.0-OpenSSH_9.9\r\n", "SSH-2.0"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz", "IncompleteRead"),
        (OK + b"<html>hello</html>", "<html>hello"),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\nno upstream", "no upstream"),
        (OK + b"[]", "[]"),
        (OK + b'{"status": "ok"}', '{"status": "ok"}'),
        (OK + b'{"status": "fine", "checks": {}}', '"fine"'),
        (OK + b'{"status": "ok", "checks": [1]}', "[1]"),
        (OK + b'{"status": "ok", "checks": {"redis": null}}', "null"),
        (OK + b"[" * 100_000, "[["),
        (OK + b"\xff\xfe", "\ufffd"),
    ],
)
async def test_what_answers_oddly_is_bad_and_quoted(said: bytes, told: str) -> None:
    """Not away, not a bug: another program's port, or a proxy that has no service behind it."""
    with answering(said) as url:
        answer = await ask("enrich", url)

    assert answer.health == "bad"
    [problem] = answer.problems
    assert told in problem
    assert len(problem) < 600


async def test_metrics_that_are_none_are_passed_over() -> None:
    """Where every address answers the same."""
    with answering(OK + b'{"status": "ok", "checks": {"redis": "ok"}}') as url:
        answer = await ask("enrich", url)

    assert (answer.health, answer.problems, answer.ended) == ("ok", [], None)
