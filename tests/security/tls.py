"""Servers that demand TLS, and the certificates for them."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from services.devstack.processes import Child
from services.devstack.servers import RedisServer, free_port, redis_server


@dataclass(frozen=True)
class Papers:
    """Files of one authority: its own certificate, a server's, and a client's."""

    ca: Path
    server: Path  # certificate and key in one file, as mongod wants them
    client: Path


def papers(folder: Path, *, host: str = "127.0.0.1") -> Papers:
    """Make an authority that nobody knows, and what it signs."""
    folder.mkdir()
    authority = trustme.CA()
    made = Papers(*(folder / f"{name}.pem" for name in ("ca", "server", "client")))
    authority.cert_pem.write_to_path(made.ca)
    authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(made.server)
    client = authority.issue_cert("newsflow@example.org", common_name="newsflow")
    client.private_key_and_cert_chain_pem.write_to_path(made.client)
    return made


@contextmanager
def redis_with_tls(folder: Path, papers: Papers) -> Iterator[int]:
    """Run a Redis that talks TLS alone, to clients with a certificate; yield its port.

    The server's own TLS where it has one (Debian's redis-server). The wheel's Valkey is built
    without: there a proxy of the test ends the TLS, which is the same to the client.
    """
    server = redis_server() or Path()
    own = b"libssl" in server.read_bytes()
    port = free_port()
    options = ["--save", "", "--dir", str(folder)]
    if own:
        files = ("--tls-cert-file", papers.server, "--tls-key-file", papers.server)
        options += ["--port", "0", "--tls-port", str(port), *map(str, files)]
        options += ["--tls-ca-cert-file", str(papers.ca), "--tls-auth-clients", "yes"]
        child = Child("redis", [server, *options], log=folder / "log")
        child.start()
        try:
            yield port
        finally:
            child.stop(5)
        return
    child = Child("redis", [server, "--port", str(port), *options], log=folder / "log")
    child.start()
    try:
        RedisServer(child, port).wait_ready()
        with _proxy(papers, port) as listening:
            yield listening
    finally:
        child.stop(5)


@contextmanager
def _proxy(papers: Papers, behind: int) -> Iterator[int]:
    """End TLS in a thread of its own, and pass on what is within."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=papers.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(papers.server)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # a client that is refused is what is tested
    port = free_port()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", behind)
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    listening = asyncio.start_server(meet, "127.0.0.1", port, ssl=context)
    server = loop.run_until_complete(listening)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()
