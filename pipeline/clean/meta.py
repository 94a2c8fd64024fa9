"""What a page says of itself: title, site, author, address, date of publication. Read from the one tree."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from pipeline.clean.dates import address_date, parse_date
from pipeline.clean.rules import rules
from pipeline.clean.text import key, one_line

# Broken JSON-LD of a megabyte keeps a pattern matcher busy for minutes; honest ones have a few kilobytes.
_MAX_JSON_CHARS = 300_000
_MAX_JSON_NODES = 2_000
_MAX_FIELD = 400
_IN_SCRIPT = r"\"(?:datePublished|publishedAt|published_at|publishDate)\\?\"\s?:\s?\\?\"(\d{4}-\d\d-\d\d)"


class PageMeta(NamedTuple):
    """Metadata of one page; `published` holds the candidates, best first."""

    title: str | None
    site: str | None
    author: str | None
    url: str | None
    published: tuple[dt.date, ...]


def read_meta(tree: Any, url: str | None) -> PageMeta:
    """The metadata of a parsed HTML page. `url`: the address that the page is known to come from."""
    names = rules().meta
    tags = _meta_tags(tree)
    article = _article_node(tree)
    site = _first(tags, names.site) or _name(article.get("publisher"))
    address = _canonical(tree) or next((value for value in _all(tags, names.url) if value.startswith("http")), None)
    return PageMeta(
        title=_title(tree, tags, article, site, url or address),
        site=site,
        author=_author(tags, article),
        url=address,
        published=tuple(_dates(tree, tags, article, url or address)),
    )


def _meta_tags(tree: Any) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        content = one_line((element.get("content") or "")[: 4 * _MAX_FIELD])[:_MAX_FIELD]
        if name and content:
            tags.setdefault(name[:100].strip().lower(), []).append(content)
    return tags


def _all(tags: dict[str, list[str]], names: tuple[str, ...]) -> list[str]:
    return [value for name in names for value in tags.get(name, ())]


def _first(tags: dict[str, list[str]], names: tuple[str, ...]) -> str | None:
    return next(iter(_all(tags, names)), None)


def _article_node(tree: Any) -> dict[str, Any]:
    """The JSON-LD object that describes the article: of a known type if any, else the first with a headline."""
    headed: dict[str, Any] = {}
    for script in tree.iter("script"):
        if (script.get("type") or "").strip().lower() != "application/ld+json":
            continue
        for node in _json_nodes((script.text or "")[: _MAX_JSON_CHARS + 1]):
            types = node.get("@type")
            names = cast(list[Any], types) if isinstance(types, list) else [types]
            if any(str(name).rsplit("/", 1)[-1].lower() in rules().meta.article_types for name in names):
                return node
            if not headed and "headline" in node:
                headed = node
    return headed


def _json_nodes(text: str) -> Iterator[dict[str, Any]]:
    if not text.strip() or len(text) > _MAX_JSON_CHARS:
        return
    try:
        waiting: list[Any] = [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        return
    for _ in range(_MAX_JSON_NODES):
        if not waiting:
            return
        value = waiting.pop(0)
        if isinstance(value, list):
            waiting += cast(list[Any], value)
        elif isinstance(value, dict):
            node = cast(dict[str, Any], value)
            yield node
            waiting += [node[name] for name in ("@graph", "mainEntity", "itemReviewed") if name in node]


def _name(value: Any) -> str | None:
    """The name in a JSON-LD value: a string, an object with a name, or a list of such."""
    if isinstance(value, list):
        names = [name for item in cast(list[Any], value)[:10] if (name := _name(item))]
        return ", ".join(dict.fromkeys(names)) or None
    if isinstance(value, dict):
        value = cast(dict[str, Any], value).get("name")
    return (one_line(value[:_MAX_FIELD]) or None) if isinstance(value, str) else None


def _canonical(tree: Any) -> str | None:
    for link in tree.iter("link"):
        target = (link.get("href") or "").strip()
        if "canonical" in (link.get("rel") or "").lower().split() and target.startswith(("http://", "https://")):
            return target[:2000]
    return None


def _title(
    tree: Any, tags: dict[str, list[str]], article: dict[str, Any], site: str | None, url: str | None
) -> str | None:
    headline = article.get("headline")
    headings = [one_line(" ".join(heading.itertext())) for heading in _take(tree.iter("h1"), 3)]
    names = [*_all(tags, rules().meta.title)[:1], headline if isinstance(headline, str) else ""]
    names += headings if len(headings) == 1 else []
    # An icon's <title> inside an <svg> is not the page's.
    named = [title for title in _take(tree.iter("title"), 20) if title.getparent().tag == "head"]
    names += [one_line(" ".join(title.itertext())) for title in named]
    titles = (without_site(one_line(name[:_MAX_FIELD]), site, url) for name in names)
    return next((title for title in titles if title), None)


def _take(elements: Iterator[Any], limit: int) -> list[Any]:
    return [element for _, element in zip(range(limit), elements, strict=False)]


def without_site(title: str, site: str | None, url: str | None) -> str:
    """A title without the name of its site at the end ("... | Reuters")."""
    found = re.search(r"\s(\||–|—|-|·|»|::)\s(?=[^|–—·»]{1,60}$)", title)
    if not found or found.start() < 15:
        return title
    tail, known = key(title[found.end() :]), [key(site or ""), key(host(url) or "")]
    same = any(tail and name and (tail in name or name in tail) for name in known)
    return title[: found.start()].rstrip() if same or found[1] == "|" else title


def host(url: str | None) -> str | None:
    """The host of an address, without `www.`; null if there is none."""
    found = re.match(r"https?://(?:[^/?#@]{0,200}@)?(?:www\.)?([^/?#:@\s]{1,253})", (url or "").strip(), re.IGNORECASE)
    return found[1].lower() if found else None


def _author(tags: dict[str, list[str]], article: dict[str, Any]) -> str | None:
    for name in (_name(article.get("author")), *_all(tags, rules().meta.author)):
        plain = re.sub(r"^by\s", "", name or "", flags=re.IGNORECASE)
        if plain and "://" not in plain and "@" not in plain and len(plain) <= 200:
            return plain
    return None


def _dates(tree: Any, tags: dict[str, list[str]], article: dict[str, Any], url: str | None) -> Iterator[dt.date]:
    values = _all(tags, rules().meta.published)
    values += [str(article[name]) for name in ("datePublished", "dateCreated") if article.get(name)]
    times = _take(tree.iter("time"), 50)
    for time in times:
        marks = [time.get(name) or "" for name in ("itemprop", "pubdate", "class")]
        values += [time.get("datetime") or ""] if "pub" in " ".join(marks).lower() else []
    for script in tree.iter("script"):
        found = re.search(_IN_SCRIPT, script.text or "")
        values += [found[1]] if found else []
    yield from (day for value in values if (day := parse_date(value)))
    if url and (day := address_date(url)):
        yield day
    if len(times) == 1 and (day := parse_date(times[0].get("datetime") or "")):
        yield day
