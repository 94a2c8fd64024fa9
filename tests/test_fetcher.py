"""The fetcher against servers with every bad manner: it answers in time, in bounds, and says why."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from website import (
    Site,
    answering,
    bomb,
    chunked,
    dribble,
    dribble_head,
    endless,
    garbage,
    hang_up,
    redirect,
    reset,
    validated,
)

from pipeline.ingest.fetcher import MAX_REDIRECTS, Fetched, Fetcher, Refused, Validators

NOW = dt.datetime(2026, 3, 5, 12, 0, tzinfo=dt.UTC)
PAGE = b"<html><body>a page of some words</body></html>"
LIMIT = 200_000


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.page("/page", PAGE)
        yield site


def fetch(
    url: str, timeout: float = 5.0, validators: Validators | None = None, networks: tuple[str, ...] = ("127.0.0.1/32",)
) -> Fetched | Refused:
    async def run() -> Fetched | Refused:
        async with Fetcher("infraclaims-test (+me@example.org)", lambda: NOW, networks=networks) as fetcher:
            return await fetcher.fetch(url, timeout=timeout, max_bytes=LIMIT, validators=validators)

    return asyncio.run(run())


def test_a_page_is_kept_as_it_went_over_the_wire(site: Site):
    packed = gzip.compress(PAGE)
    site.page("/packed", packed, Content_Encoding="gzip", ETag='"v1"')
    found = fetch(site.url("/packed"))
    assert isinstance(found, Fetched)
    assert found.content == PAGE
    assert found.last.body == packed
    assert found.last.head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'ETag: "v1"\r\n' in found.last.head
    assert found.last.request.startswith(b"GET /packed HTTP/1.1\r\n")
    assert b"User-Agent: infraclaims-test (+me@example.org)\r\n" in found.last.request
    assert b"Accept-Encoding: gzip, deflate, br, zstd\r\n" in found.last.request


def test_a_page_in_chunks_is_put_together(site: Site):
    site.routes["/chunked"] = chunked(PAGE * 20)
    found = fetch(site.url("/chunked"))
    assert isinstance(found, Fetched)
    assert found.content == PAGE * 20


def test_redirects_are_followed_and_recorded(site: Site):
    site.routes["/one"] = redirect("two", 301)
    site.routes["/two"] = redirect(site.url("/page?utm_source=feed"), 307)
    found = fetch(site.url("/one"))
    assert isinstance(found, Fetched)
    assert [(each.status, each.url.removeprefix(site.base)) for each in found.exchanges] == [
        (301, "/one"), (307, "/two"), (200, "/page"),
    ]  # fmt: skip


def test_a_page_that_has_not_changed_is_not_sent_again(site: Site):
    site.routes["/validated"] = validated(PAGE, '"7"')
    first = fetch(site.url("/validated"))
    assert isinstance(first, Fetched)
    again = fetch(site.url("/validated"), validators=Validators(etag=first.last.headers["etag"]))
    assert isinstance(again, Fetched)
    assert again.unchanged
    assert again.content == b""


REFUSALS = [
    ("missing", answering(404), "not_found", False),
    ("gone", answering(410), "not_found", False),
    ("forbidden", answering(403), "forbidden", False),
    ("teapot", answering(418), "http_status", False),
    ("no content", answering(204), "http_status", False),
    ("error", answering(500), "server_error", True),
    ("busy", answering(503), "server_error", True),
    ("throttled", answering(429), "throttled", True),
    ("reset", reset, "broken_answer", True),
    ("hang up", hang_up, "broken_answer", True),
    ("garbage", garbage, "broken_answer", True),
    ("slow body", dribble, "timeout", True),
    ("slow head", dribble_head, "timeout", True),
    ("endless", endless, "too_large", False),
    ("bomb", bomb, "too_large", False),
    ("not gzip", answering(200, b"plain words", Content_Encoding="gzip"), "broken_encoding", True),
    ("unknown coding", answering(200, b"plain words", Content_Encoding="rot13"), "broken_encoding", True),
    ("loop", redirect("/fault"), "redirect_loop", False),
    ("redirect to nowhere", answering(302), "bad_redirect", False),
    ("redirect to a file", redirect("file:///etc/passwd"), "bad_redirect", False),
    ("redirect to what is no address", redirect("http://[x/"), "bad_redirect", False),
    ("redirect to another scheme", redirect("ftp://example.org/x"), "bad_redirect", False),
    ("redirect with a password", redirect("http://a:b@example.org/"), "bad_redirect", False),
    ("redirect to loopback", redirect("http://127.0.0.2/"), "private_address", False),
    ("redirect to the network's own", redirect("http://169.254.169.254/latest/"), "private_address", False),
    ("redirect to mapped loopback", redirect("http://[::ffff:127.0.0.1]/"), "private_address", False),
]


@pytest.mark.parametrize(
    ("route", "reason", "temporary"), [case[1:] for case in REFUSALS], ids=[c[0] for c in REFUSALS]
)
def test_every_fault_has_its_reason_in_time(site: Site, route: object, reason: str, temporary: bool):
    site.routes["/fault"] = route  # type: ignore[assignment]
    begun = time.monotonic()
    found = fetch(site.url("/fault"), timeout=1.0 if reason == "timeout" else 5.0)
    assert time.monotonic() - begun < 6.0
    assert isinstance(found, Refused)
    assert (found.reason, found.temporary) == (reason, temporary), found.message


def test_a_chain_of_redirects_ends(site: Site):
    for number in range(MAX_REDIRECTS + 2):
        site.routes[f"/hop{number}"] = redirect(f"/hop{number + 1}")
    found = fetch(site.url("/hop0"))
    assert isinstance(found, Refused)
    assert found.reason == "redirect_loop"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "0x7f000001"])
def test_loopback_is_refused_by_whatever_name(site: Site, host: str):
    before = site.hits["/page"]
    found = fetch(f"http://{host}:{site.port}/page", networks=())
    assert isinstance(found, Refused)
    assert found.reason in ("private_address", "unreachable", "bad_url")
    assert site.hits["/page"] == before


def test_a_name_is_looked_up_once_and_connected_to_what_was_checked(site: Site, monkeypatch: pytest.MonkeyPatch):
    """A name server that says a public address first and loopback afterwards gains nothing."""
    asked: list[str] = []
    whole = socket.getaddrinfo

    def changing(host: str, *arguments: object, **names: object) -> object:
        if host != "rebind.example":
            return whole(host, *arguments, **names)  # type: ignore[arg-type]
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, site.port))]

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    found = fetch(f"http://rebind.example:{site.port}/page")
    assert isinstance(found, Fetched), found
    assert len(asked) == 1


def test_a_public_name_that_leads_to_a_private_network_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch):
    """One public address among them does not help."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.216.34", "10.0.0.1")]
    whole = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **n: found if host == "intranet.example" else whole(host, *a, **n)
    )
    site.routes["/lured"] = redirect("http://intranet.example/admin")
    answer = fetch(site.url("/lured"))
    assert isinstance(answer, Refused)
    assert answer.reason == "private_address"
    assert "10.0.0.1" in answer.message


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120), ("0", 0), ("999999999999", 86_400), ("Thu, 05 Mar 2026 12:10:00 GMT", 600),
        ("Thu, 05 Mar 2020 12:10:00 GMT", 0), ("soon", None), ("-5", None), ("", None), ("٣", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_both_forms(site: Site, value: str, seconds: int | None):
    site.routes["/later"] = answering(503, Retry_After=value.encode().decode("latin-1"))
    found = fetch(site.url("/later"))
    assert isinstance(found, Refused)
    assert found.wait == (None if seconds is None else dt.timedelta(seconds=seconds))


def test_a_closed_port_and_an_unknown_name_are_unreachable():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/", "http://no-such-host.invalid/"):
        found = fetch(url)
        assert isinstance(found, Refused)
        assert (found.reason, found.temporary) == ("unreachable", True)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path):
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    first, last = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(1).not_valid_before(first).not_valid_after(last)
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    pem = tmp_path / "certificate.pem"
    pem.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    with Site(pem) as site:
        site.page("/page", PAGE)
        found = fetch(site.url("/page"))
    assert isinstance(found, Refused)
    assert found.reason == "tls", found.message


def test_no_proxy_or_cookie_of_the_environment_is_used(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(os.environ, "http_proxy", "http://127.0.0.1:1/")
    monkeypatch.setitem(os.environ, "HTTP_PROXY", "http://127.0.0.1:1/")
    site.page("/cookie", PAGE, Set_Cookie="a=b; Path=/")

    async def twice() -> None:
        async with Fetcher("agent", lambda: NOW, networks=("127.0.0.1/32",)) as fetcher:
            for _ in range(2):
                assert isinstance(await fetcher.fetch(site.url("/cookie"), timeout=5, max_bytes=LIMIT), Fetched)

    asyncio.run(twice())
    assert all("Cookie" not in headers for _, path, headers in site.seen if path == "/cookie")
