"""Addresses as keys: one article under many URLs, and URLs that no page may have. Pure."""

from __future__ import annotations

import html
import re
import string
from urllib.parse import urljoin, urlsplit, urlunsplit

from courlan import extract_domain, normalize_url

_MAX = 2_000
_SAFE = frozenset(string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%")
_HEAD_BYTES = 300_000
_LINK = re.compile(rb"<link\b[^<>]{0,3000}>", re.IGNORECASE)
_CANONICAL = re.compile(rb"\brel\s{0,3}=\s{0,3}[\"']?(?:[\w -]{0,60}\s)?canonical\b", re.IGNORECASE)
_HREF = re.compile(
    rb"\bhref\s{0,3}=\s{0,3}(?:\"([^\"<>]{1,2000})\"|'([^'<>]{1,2000})'|([^\s\"'<>]{1,2000}))", re.IGNORECASE
)


class BadUrlError(ValueError):
    """An address that is not fetched; the message says why."""


def key(url: str, base: str | None = None) -> str:
    """The form under which a page is known: absolute, tracking parameters and fragment gone, query sorted.

    Raises BadUrlError for what is too long, has control characters or credentials, or is not http(s).
    """
    text = url.strip()
    if len(text) > _MAX:
        raise BadUrlError(f"an address of {len(text):,} characters")
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise BadUrlError("an address with control characters")
    try:
        parts = urlsplit(urljoin(base, text) if base else text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadUrlError(f"not an address: {error}") from error
    if parts.scheme.lower() not in ("http", "https"):
        raise BadUrlError(
            f"an address of the scheme {parts.scheme[:20]!r}" if parts.scheme else "an address without a scheme"
        )
    if not host or not re.fullmatch(r"[\w.:-]{1,255}", host):
        raise BadUrlError("an address without a usable host")
    if parts.username is not None:
        raise BadUrlError("an address with credentials in it")
    netloc = f"[{host}]" if ":" in host else _ascii_host(host)
    if port and port != {"http": 80, "https": 443}[parts.scheme.lower()]:
        netloc += f":{port}"
    plain = urlunsplit((parts.scheme.lower(), netloc, _quoted(_collapsed(parts.path)), _quoted(parts.query), ""))
    # It gives back the host in its own script, and one page would have two names.
    found = urlunsplit(urlsplit(normalize_url(plain))._replace(netloc=netloc))
    if len(found) > _MAX:  # in percent signs it is longer than it was
        raise BadUrlError(f"an address of {len(found):,} characters")
    return found


def _ascii_host(host: str) -> str:
    try:
        found = host.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise BadUrlError("an address whose host is no domain name") from error
    if not found:
        raise BadUrlError("an address without a usable host")
    return found


def _collapsed(path: str) -> str:
    """The path without `.` and `..`, as a browser would ask for it."""
    kept: list[str] = []
    segments = (path or "/").split("/")[1:]
    for segment in segments:
        if segment.lower().replace("%2e", ".") == "..":
            kept = kept[:-1]
        elif segment.lower().replace("%2e", ".") != ".":
            kept.append(segment)
    return "/" + "/".join(kept)


def _quoted(text: str) -> str:
    return "".join(c if c in _SAFE else "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "replace")) for c in text)


def host(url: str) -> str:
    """Host and port: what has one queue and one robots.txt."""
    return urlsplit(url).netloc.lower()


def same_site(one: str, other: str) -> bool:
    """Whether two addresses belong to one registered domain (or, for bare addresses and test hosts, one host)."""
    if host(one) == host(other):
        return True
    # Most pairs differ here already, and the list of public suffixes takes half a second to load.
    if _last_labels(one) != _last_labels(other):
        return False
    domain = extract_domain(one, fast=True)
    return domain is not None and domain == extract_domain(other, fast=True)


def _last_labels(url: str) -> list[str]:
    return (urlsplit(url).hostname or "").split(".")[-2:]


def canonical(url: str, content: bytes) -> str:
    """The address that the page at `url` gives as its own, where it names one on the same site; else `url`.

    Another site's address is not believed: a page could take the place of somebody else's article with it. Nor is
    the front page, which careless templates name on every page.
    """
    for link in _LINK.findall(content[:_HEAD_BYTES]):
        if not _CANONICAL.search(link):
            continue
        found = _HREF.search(link)
        if not found:
            continue
        try:
            named = key(html.unescape((found[1] or found[2] or found[3]).decode("utf-8", "replace")), url)
        except BadUrlError:
            return url
        front = urlsplit(named).path in ("", "/") and not urlsplit(named).query
        return named if same_site(url, named) and not front else url
    return url
