"""Every kind of input gives the same claims: HTML, JSON Lines, Parquet, and WARC files read from a web server."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as parquet
import pytest
import zstandard
from made_archive import RELEVANT, page, paragraphs, record
from test_reextract import reasons, run

PAGES = 6


def bodies() -> list[bytes]:
    """Pages of which each has claims."""
    found = []
    for number in range(PAGES):
        rnd = random.Random(number)
        found.append(page(rnd, paragraphs(rnd, RELEVANT[number % len(RELEVANT)]), 6_000))
    return found


def address(number: int) -> str:
    return f"https://courier.example/{number}"


def rows() -> list[dict[str, str]]:
    return [{"url": address(number), "html": body.decode()} for number, body in enumerate(bodies())]


def lines() -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows())


def write_html(folder: Path) -> str:
    for number, body in enumerate(bodies()):
        (folder / f"{number}.html").write_bytes(body)
    return str(folder)


def write_file(name: str, data: bytes) -> Any:
    def write(folder: Path) -> str:
        (folder / name).write_bytes(data)
        return str(folder / name)

    return write


def write_parquet(folder: Path) -> str:
    parquet.write_table(pyarrow.Table.from_pylist(rows()), folder / "pages.parquet")
    return str(folder / "pages.parquet")


def warc() -> bytes:
    return b"".join(gzip.compress(record(address(n), body), mtime=0) for n, body in enumerate(bodies()))


INPUTS = {
    "html": write_html,
    "jsonl": write_file("pages.jsonl", lines()),
    "jsonl.gz": write_file("pages.jsonl.gz", gzip.compress(lines())),
    "jsonl.zst": write_file("pages.jsonl.zst", zstandard.compress(lines())),
    "parquet": write_parquet,
}


def told(out: Path) -> list[list[Any]]:
    """The claims of a run but for what depends on the kind of its input: ids, the address, where pages were."""
    found = [json.loads(line) for path in sorted((out / "claims").iterdir()) for line in path.read_text().splitlines()]
    return [[c["kind"], c["label"], c["subject"], c["quantity"], c["date"], c["evidence"]] for c in found]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    folder = tmp_path_factory.mktemp("warc")
    (folder / "part.warc.gz").write_bytes(warc())
    assert run([str(folder)], folder / "out").dispositions == {"extracted": PAGES}
    return told(folder / "out")


@pytest.mark.parametrize("kind", INPUTS)
def test_the_same_pages_in_any_container_give_the_same_claims(
    kind: str, expected: list[list[Any]], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    path = INPUTS[kind](tmp_path / "in")
    assert run([path], tmp_path / "out").dispositions == {"extracted": PAGES}
    assert told(tmp_path / "out") == expected
    assert reasons([path], tmp_path / "out") == []


FILES = {
    "/crawl/part.warc.gz": warc(),
    "/crawl/pages.jsonl.gz": gzip.compress(lines(), mtime=0),
    "/warc.paths": b"crawl/part.warc.gz\n",
}


class Files(BaseHTTPRequestHandler):
    """A web server of two files that answers requests for ranges."""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        data = FILES.get(self.path)
        if data is None:
            self.send_error(404)
            return
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        low = int(wanted[1]) if wanted else 0
        part = data[low : int(wanted[2]) + 1 if wanted and wanted[2] else len(data)]
        self.send_response(206 if wanted else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(part)))
        if wanted:
            self.send_header("Content-Range", f"bytes {low}-{low + len(part) - 1}/{len(data)}")
        self.end_headers()
        if body:
            self.wfile.write(part)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server, and its certificate."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
            "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    served = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    served.socket = context.wrap_socket(served.socket, server_side=True)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"https://localhost:{served.server_port}", certificate
    served.shutdown()
    served.server_close()


RUN = """
import sys
from pathlib import Path
from test_reextract import reasons, run

for number, path in enumerate(sys.argv[2:]):
    out = Path(sys.argv[1]) / str(number)
    totals = run([path], out)
    print(totals.dispositions, reasons([path], out))
"""


def test_a_web_server_gives_the_same_claims(
    server: tuple[str, Path], expected: list[list[Any]], tmp_path: Path
) -> None:
    """In a process of its own: which certificates are trusted is settled when the client is imported."""
    address, certificate = server
    paths = [f"{address}/{name}" for name in ("crawl/part.warc.gz", "warc.paths", "crawl/pages.jsonl.gz")]
    search = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    told_to = {**os.environ, "SSL_CERT_FILE": str(certificate), "NO_PROXY": "localhost", "PYTHONPATH": search}
    done = subprocess.run(
        [sys.executable, "-c", RUN, tmp_path / "out", *paths], env=told_to, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [f"{{'extracted': {PAGES}}} []"] * 3, done.stderr
    for number in range(3):
        assert told(tmp_path / "out" / str(number)) == expected
