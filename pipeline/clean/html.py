"""HTML: one tree, read for metadata, then for the article's body.

trafilatura finds the body. Where it finds nothing, or next to nothing, the fallback takes every block of the page
that is not built like navigation.
"""

from __future__ import annotations

import datetime as dt
import functools
import html
import importlib
import logging
import re
from typing import Any, NamedTuple

from pipeline.clean.meta import PageMeta, host, read_meta
from pipeline.clean.text import Draft, fold, one_line, table_rows

# Below this trafilatura gives up on structure and returns the words of the page with a space around each link.
_ENOUGH = 250
_PROSE_WORDS = 25
"""A block of so many words is a paragraph and no teaser or caption."""
_MAX_CELL = 300
_MAX_LINKS = 3_000
# htmldate takes today for the latest day unless told one: this one never comes, and is the same on every machine.
_FAR = dt.datetime(2100, 1, 1)  # noqa: DTZ001  # htmldate compares naive days
_NO_TEXT = (
    "script", "style", "template", "svg", "math", "iframe", "object", "noscript", "canvas", "audio", "video",
    "map", "select",
)  # fmt: skip
_NOT_BODY = (
    "nav", "aside", "form", "footer", "button", "dialog", "menu", "figure", "label", "input", "textarea", "head",
)  # fmt: skip
BLOCKS = frozenset((
    "p", "div", "section", "article", "main", "header", "li", "item", "dd", "dt", "dl", "ul", "ol", "list", "h1", "h2",
    "h3", "h4", "h5", "h6", "head", "blockquote", "quote", "pre", "tr", "row", "td", "th", "cell", "table", "tbody",
    "thead", "tfoot", "caption", "figure", "figcaption", "br", "lb", "hr", "body", "address", "details", "summary",
    "center",
))  # fmt: skip
"""Elements that end a line where they begin and where they end."""
_OPENING = (
    r"\s{0,1000}(?:<\?xml[^>]{0,200}>\s{0,100})?"
    r"(?:<!--[^>]{0,2000}-->\s{0,100}){0,5}<(?:!doctype html|html|head|body)\b"
)
_COMMON_TAG = r"<(?:p|div|br|a|span|h[1-6]|ul|li|table|article|section|meta)(?:\s[^<>]{0,500})?/?>"
_FRAME_TAG = r"""</?i?frame\b(?:[^<>"']|"[^"]{0,2000}"|'[^']{0,2000}'){0,2000}>"""
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32)])
_TABLES, _ROWS, _CELLS = ("table",), ("tr", "row"), ("td", "th", "cell")


class Block(NamedTuple):
    """A line of the page and how many of its characters stand in links."""

    text: str
    linked: int


def looks_like_html(text: str) -> bool:
    """Whether a text is HTML by its content: a document's opening, or at least three tags of common kinds."""
    if re.match(_OPENING, text, re.IGNORECASE):
        return True
    return len(re.findall(_COMMON_TAG, text[:200_000], re.IGNORECASE)) >= 3


def opens_like_html(raw: bytes) -> bool:
    """Whether bytes begin as an HTML document does, in an encoding whose ASCII characters are its own."""
    return bool(re.match(rb"(?:\xef\xbb\xbf)?" + _OPENING.encode(), raw, re.IGNORECASE))


def read_html(text: str, url: str | None, latest: dt.date | None, *, find_date: bool) -> Draft:
    """The article of an HTML page. `latest`: the last day it can be from; `find_date`: whether its date is wanted."""
    tree = parse(text)
    if tree is None:
        return Draft(blocks=(), cleaner="html.stripped")
    meta = read_meta(tree, url)
    _prune(tree)
    links = _link_texts(tree)
    # A page that names a day too late names no other: htmldate would read its year and month as their first day.
    marked = _marked_date(tree, url or meta.url, latest) if find_date and not meta.published else ()
    blocks, cleaner = _body(tree, text)
    return Draft(
        blocks=tuple(blocks), cleaner=cleaner, links=links, title=meta.title, publisher=_publisher(meta, url),
        author=meta.author, url=meta.url, published=(*meta.published, *marked),
    )  # fmt: skip


def parse(text: str) -> Any:
    """The lxml tree of a page; null where there is nothing to build one from."""
    lxml_html, etree = _lxml("lxml.html"), _lxml("lxml.etree")
    # lxml reads control characters, and raises where they are moved.
    if _holds_control(text):
        text = re.sub(r"[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", _without_control, text)
    text = re.sub(r"^\s{0,1000}<\?xml[^>]{0,500}\?>", "", text)
    text = re.sub(r"<[a-zA-Z][^<>]{50000,}>?", _without_bomb, text)
    # A frame that is never closed swallows the rest of the page; what stands in one is never the article.
    text = re.sub(_FRAME_TAG, " ", text, flags=re.IGNORECASE)
    parser = lxml_html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        return lxml_html.document_fromstring(text, parser=parser, ensure_head_body=True)
    except (etree.LxmlError, ValueError, AssertionError):
        return None


def _holds_control(text: str) -> bool:
    """Whether there is a control character to replace: bytes are looked through in a fifth of the time."""
    data = text.encode("utf-8", "surrogatepass")
    return len(data.translate(None, _CONTROLS)) < len(data) or b"\xef\xbf\xbe" in data or b"\xef\xbf\xbf" in data


def _without_control(char: re.Match[str]) -> str:
    return " " if char[0] in "\v\f" else ""


def _without_bomb(tag: re.Match[str]) -> str:
    """A tag with thousands of attributes costs the parser the square of their number; an image in a tag does not."""
    return tag[0] if tag[0].count("=") < 2_000 else re.split(r"\s", tag[0], maxsplit=1)[0] + ">"


@functools.cache
def _lxml(name: str) -> Any:
    # lxml ships no types: Any by way of importlib keeps strict checking for the rest of the module.
    return importlib.import_module(name)


def _prune(tree: Any) -> None:
    """Drops what is never text, and footnote marks, which would stick to a unit ("1.2 GW" and a raised 3)."""
    _lxml("lxml.etree").strip_elements(tree, *_NO_TEXT, with_tail=False)
    for mark in list(tree.iter("sup")):
        if mark.find(".//a") is not None:
            mark.drop_tree()


def _link_texts(tree: Any) -> tuple[str, ...]:
    texts: list[str] = []
    for anchor in tree.iter("a"):
        if len(texts) >= _MAX_LINKS:
            break
        texts.append(one_line(_words_in(anchor)[:500]))
    return tuple(text for text in texts if text)


def _words_in(anchor: Any) -> str:
    """The text of an element with a space between its parts; most links have one part, or one element with one."""
    if not len(anchor):
        return anchor.text or ""
    inner = anchor[0]
    if len(anchor) == 1 and not len(inner):
        return " ".join(filter(None, (anchor.text, inner.text, inner.tail)))
    return " ".join(anchor.itertext())


def _body(tree: Any, text: str) -> tuple[list[str], str]:
    main = _trafilatura(tree)
    kept = fallback(tree)
    if sum(map(len, main)) >= _ENOUGH and not _lost_most(main, kept):
        return main, "html.trafilatura"
    if sum(map(len, kept)) > 0.8 * sum(map(len, main)):
        return kept, "html.fallback"
    if main:
        return main, "html.trafilatura"
    # Tags nested thousands deep make the parser give up on all that follows.
    return _stripped(text), "html.stripped"


def _lost_most(main: list[str], kept: list[str]) -> bool:
    """Whether less than half of the page's long paragraphs came through: a stray end tag closed the article early."""
    seen = " ".join(main)
    missed = sum(len(text) for text in kept if len(text.split()) >= _PROSE_WORDS and text not in seen)
    return missed > len(seen)


def _trafilatura(tree: Any) -> list[str]:
    trafilatura = _quiet("trafilatura")
    try:
        found = trafilatura.bare_extraction(
            tree, fast=True, favor_recall=True, include_comments=False, include_tables=True, include_links=False,
            output_format="txt",
        )  # fmt: skip
    except Exception:  # whatever a stranger's page does to a stranger's code, the fallback reads it
        return []
    return [block.text for block in render(found.body)] if found is not None else []


@functools.cache
def _quiet(name: str) -> Any:
    # Its warnings say "discarding data: None"; what becomes of a page is said by its disposition.
    logging.getLogger(name).setLevel(logging.CRITICAL)
    return importlib.import_module(name)


def render(root: Any) -> list[Block]:
    """The blocks under an element, in order: block elements and line breaks end a line, a table row is a line.

    Works without recursion, on HTML and on trafilatura's tags alike.
    """
    blocks: list[Block] = []
    parts: list[str] = []
    linked = depth = 0

    def flush() -> None:
        nonlocal linked
        # Some editors publish their Markdown: a pair of asterisks is never part of the news.
        if text := one_line("".join(parts).replace("**", "")):
            blocks.append(Block(text, linked))
        parts.clear()
        linked = 0

    walk = _lxml("lxml.etree").iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in BLOCKS:
                flush()
            if tag in _TABLES and (rows := _data_table(element)):
                blocks += [Block(line, 0) for line in rows]
                walk.skip_subtree()
                continue
            depth += tag in ("a", "ref")
            piece = element.text
        else:
            if tag in BLOCKS:
                flush()
            depth -= tag in ("a", "ref")
            piece = element.tail if element is not root else None
        if piece:
            parts.append(piece)
            linked += len(piece) if depth else 0
    flush()
    return blocks


def _data_table(table: Any) -> list[str]:
    """The lines of a table that holds data; empty for one that only lays out the page."""
    if any(inner is not table for inner in table.iter(*_TABLES)):
        return []
    rows: list[list[tuple[str, bool]]] = []
    for row in table.iter(*_ROWS):
        cells = [cell for cell in row if cell.tag in _CELLS]
        texts = [one_line(" ".join(cell.itertext())) for cell in cells]
        if any(len(text) > _MAX_CELL for text in texts):
            return []
        heads = [cell.tag == "th" or cell.get("role") == "head" for cell in cells]
        rows.append(list(zip(texts, heads, strict=True)))
    return table_rows(rows)


def fallback(tree: Any) -> list[str]:
    """The blocks of a page outside the parts made for something else, but for link lists. Changes the tree."""
    for element in list(tree.iter(*_NOT_BODY)):
        if element.getparent() is not None and element.tag != "body":
            element.drop_tree()
    for element in list(tree.iter("div", "section", "ul", "header", "p", "span")):
        marks = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('role') or ''}"[:300]
        if element.getparent() is not None and _NOT_ARTICLE().search(marks):
            element.drop_tree()
    blocks = [block for block in render(tree) if block.linked <= 0.5 * len(block.text)]
    texts = [block.text for block in blocks]
    prose = [text for text in texts if len(text.split()) >= 8 or re.search(r"\w[.!?:]\W{0,2}$|\d", text)]
    return prose if sum(map(len, prose)) >= _ENOUGH else texts


@functools.cache
def _NOT_ARTICLE() -> re.Pattern[str]:  # noqa: N802  # a constant, compiled when first needed
    return re.compile(
        r"(?:^|[\s_-])(?:comments?|cookies?|consent|gdpr|related|recommend(?:ed|ations?)?|share|sharing|social|newsletter|subscribe"
        r"|signup|promo|sidebar|breadcrumbs?|nav(?:igation|bar)?|menu|popup|modal|advert(?:s|isement)?|ads?|sponsored|trending|tags)"
        r"(?:$|[\s_-])",
        re.IGNORECASE,
    )


_BLOCK_TAG = r"</?(?:p|div|br|li|h[1-6]|tr|table|section|article)\b[^<>]{0,2000}>"


def _stripped(text: str) -> list[str]:
    text = re.sub(r"<(script|style)\b[^<>]{0,1000}>[^<]{0,100000}</\1>", " ", text, flags=re.IGNORECASE)
    text = re.sub(_BLOCK_TAG, "\n", text, flags=re.IGNORECASE)
    text = html.unescape(re.sub(r"<[!/a-zA-Z][^<>]{0,5000}>", "", text))
    return [line for line in map(one_line, fold(text).split("\n")) if line]


def _publisher(meta: PageMeta, url: str | None) -> str | None:
    return meta.site or host(url or meta.url)


def _marked_date(tree: Any, url: str | None, latest: dt.date | None) -> tuple[dt.date, ...]:
    """The day that the markup shows as a date, by its classes and attributes.

    htmldate's extensive search is off: where a page has no date of its own it answers with the year of the
    copyright line or with a date that the article speaks of.
    """
    most = dt.datetime.combine(latest, dt.time.max) if latest else _FAR
    try:
        found = _quiet("htmldate").find_date(tree, extensive_search=False, original_date=True, max_date=most, url=url)
    except Exception:  # as with trafilatura
        return ()
    return (dt.date.fromisoformat(found),) if found else ()
