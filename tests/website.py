"""A web site of a test: real sockets on loopback, with every bad manner that a server can have."""

from __future__ import annotations

import functools
import gzip
import random
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator

WORDS = re.findall(
    r"\w+",
    "crane river ledger window harvest signal meadow copper lantern basin harbor timber granite willow ember sparrow "
    "canyon orchard velvet thunder marble saddle prairie compass anchor bramble cinder drift falcon glacier hollow "
    "island juniper kettle lumber mirror needle oyster pepper quarry ribbon summit tunnel umbrella valley walnut",
)


def article(number: int, chips: int | None = None, canonical: str | None = None, note: str = "") -> bytes:
    """A page with two claims in it and a text of its own; `chips` differs in a later version."""
    rng = random.Random(number)
    chips = chips or 1_000 * (number + 20)
    filler = "".join(
        f"<p>The county board heard about the {' '.join(rng.choices(WORDS, k=14))} on the day before the vote.</p>"
        for _ in range(4)
    )
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    return (
        f"<html><head><title>Report {number} on Granite</title>{link}"
        f'<meta property="article:published_time" content="2026-03-05T09:00:00Z"></head>'
        f"<body><article><h1>Report {number} on Granite</h1>"
        f"<p>Northwind AI said that its Granite data center campus in Ohio now runs {chips:,} Nvidia H200s.</p>"
        f"<p>Harbour Cloud plans to build a {number + 100} MW data center in Texas by 2028.{note}</p>"
        f"{filler}</article></body></html>"
    ).encode()


def rss(*links: str) -> bytes:
    items = "".join(f"<item><title>News</title><link>{link.replace('&', '&amp;')}</link></item>" for link in links)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'.encode()


Route = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: Site

    def do_GET(self) -> None:
        site = self.site
        with site.lock:
            site.hits[self.path] += 1
            site.seen.append((time.monotonic(), self.path, dict(self.headers.items())))
        route = site.routes.get(self.path)
        try:
            if route is None:
                send(self, 404, b"nothing here")
            else:
                route(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.site.lock:
            self.site.posted.append((dict(self.headers.items()), body))
            status = self.site.post_answers.pop(0) if self.site.post_answers else 200
        send(self, status, b"")

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Site:
    """Serves `routes` on a port of its own until the block ends; `hits` counts requests by path."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.routes: dict[str, Route] = {}
        self.hits: Counter[str] = Counter()
        self.seen: list[tuple[float, str, dict[str, str]]] = []
        self.posted: list[tuple[dict[str, str], bytes]] = []
        self.post_answers: list[int] = []
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("H", (Handler,), {"site": self}))
        self._server.daemon_threads = True
        # Clients that hang up are what these tests are about.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.base = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        return self.base + path

    def page(self, path: str, body: bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        self.routes[path] = answering(200, body, kind, **headers)


def send(handler: Handler, status: int, body: bytes, kind: str = "text/html", **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def answering(status: int, body: bytes = b"", kind: str = "text/html", **headers: str) -> Route:
    return lambda handler: send(handler, status, body, kind, **headers)


def in_turn(*routes: Route) -> Route:
    """Each answer once, the last one for good."""
    left = list(routes)

    def answer(handler: Handler) -> None:
        with handler.site.lock:
            route = left.pop(0) if len(left) > 1 else left[0]
        route(handler)

    return answer


def validated(body: bytes, etag: str) -> Route:
    """Says 304 to whoever has this version."""

    def answer(handler: Handler) -> None:
        if handler.headers.get("If-None-Match") == etag:
            handler.send_response(304)
            handler.send_header("ETag", etag)
            handler.end_headers()
        else:
            send(handler, 200, body, ETag=etag)

    return answer


def redirect(to: str, status: int = 302) -> Route:
    return answering(status, b"", Location=to)


def reset(handler: Handler) -> None:
    """Drops the connection with a reset in the middle of the body."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b"<html>")
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def hang_up(handler: Handler) -> None:
    handler.connection.close()
    handler.close_connection = True


def dribble(handler: Handler) -> None:
    """A byte now and then, for ever: no single wait is long."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    for _ in range(600):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def dribble_head(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(600):
        handler.wfile.write(b"X-%d: y\r\n" % number)
        handler.wfile.flush()
        time.sleep(0.05)


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    while True:
        handler.wfile.write(b"<p>more</p>" * 10_000)


@functools.cache
def _packed_zeros() -> bytes:
    return gzip.compress(bytes(30_000_000), 9)


def bomb(handler: Handler) -> None:
    """30 MB of zeros in 30 kB."""
    send(handler, 200, _packed_zeros(), Content_Encoding="gzip")


def garbage(handler: Handler) -> None:
    handler.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n")
    handler.close_connection = True


def chunked(body: bytes) -> Route:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(body), 100):
            part = body[start : start + 100]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        handler.wfile.write(b"0\r\n\r\n")

    return answer


def archived(data: Path) -> Counter[str]:
    """How many records of each type the archive under `data` holds; all of them readable, with right digests."""
    counts: Counter[str] = Counter()
    for path in sorted((data / "archive").glob("*/*/*/*.warc.gz")):
        with path.open("rb") as file:
            counts.update(
                str(record.record_type) for record in ArchiveIterator(file, parse_http=False, verify_digests=True)
            )
    return counts
