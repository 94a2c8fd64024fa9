"""Markdown, also when it was flattened into a single line on its way here.

What was flattened gets its line breaks back first, by the marks that only ever start a line; markdown-it then
reads the whole.
"""

from __future__ import annotations

import functools
import itertools
import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipeline.clean.dates import parse_date
from pipeline.clean.rules import rules
from pipeline.clean.text import Draft, fold, hard_wrapped, heading_of, one_line, table_rows

_MAX_HEADING = 160


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    address = r"[^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,500})?"
    target = rf"\(\s{{0,3}}{address}(?:\s{{1,3}}[\"'][^\"'\n]{{0,300}}[\"'])?\s{{0,3}}\)"
    return {
        "sign": re.compile(
            r"^#{1,6}[ \t]\S|[ \t]#{2,6}[ \t][\w\"'(]|\]\(\s?(?:https?:|/|#|mailto:)"
            r"|^[ \t]{0,3}\[[^\]\n]{1,100}\]:[ \t]?http|\][ \t]?\[[\w .-]{0,60}\]|\*\*[^\s*][^*\n]{0,200}\*\*"
            r"|^\|?(?:[ \t]?:?-{3,}:?[ \t]?\|){1,20}",
            re.MULTILINE,
        ),
        "front": re.compile(r"\s{0,100}---[ \t]{0,5}\r?\n((?:(?!---)[^\n]{0,2000}\n){1,80})---[ \t]{0,5}(?:\r?\n|$)"),
        "image": re.compile(rf"!\[[^\]\n]{{0,500}}\](?:{target}|\[[^\]\n]{{0,100}}\])"),
        "linked_image": re.compile(rf"\[\s{{0,3}}\]{target}"),
        "definition": re.compile(
            r"\[[^\[\]\n]{1,100}\]:[ \t]{0,3}<?(?:https?://|mailto:|/)[^\s>]{1,2000}>?(?:[ \t]\"[^\"\n]{0,200}\")?"
        ),
        "reference": re.compile(r"\[([^\[\]\n]{1,300})\][ \t]?\[[^\[\]\n]{0,100}\]"),
        "heading": re.compile(r"(?:^|(?<=\s))(#{1,6})[ \t]{1,3}(?=\S)"),
        "rule": re.compile(r"(?<=\s)(?:-{3,80}|\*{3,80}|_{3,80})(?=\s)(?!\s{0,3}\|)"),
        "bullet": re.compile(r"(?<=[.:;!?)\"'\d])[ \t]{1,3}[-*•][ \t]{1,3}(?=[*\[\"'A-Z0-9])"),
        "number": re.compile(r"(?<=[.:;!?])[ \t]{1,3}(?=[1-9]\d?\.[ \t][*\[\"'A-Z])"),
        "byline": re.compile(
            r"(?:^|(?<=\s))([*_])(?=\S)((?i:published|posted|updated|written|by)\s[^*_\n]{3,120})\1(?=\s{1,3}[A-Z\"“(])",
        ),
        "divider": re.compile(r"\|(?:[ \t]{0,3}:?-{2,80}:?[ \t]{0,3}\|){1,30}"),
        "tag": re.compile(r"<[!/a-zA-Z][^<>]{0,2000}>"),
    }  # fmt: skip


def is_markdown(text: str) -> bool:
    """Whether a text carries Markdown's marks: headings, links, bold, tables."""
    return bool(_patterns()["sign"].search(text) or _patterns()["front"].match(text))


def read_markdown(text: str) -> Draft:
    """The blocks of a Markdown text: headings, paragraphs, list items and table rows, without their marks."""
    patterns = _patterns()
    front = patterns["front"].match(text)
    fields = _front_matter(front[1]) if front else {}
    source = fold(text[front.end() :] if front else text)
    lines = source.split("\n")
    wrapped = hard_wrapped(lines)
    lines = [part for line in lines for part in _unflatten(line).split("\n")]
    source = "\n".join(lines) if wrapped else _one_block_a_line(lines)
    blocks, links, heading = _blocks(_parser().parse(source))
    title = heading if heading in blocks[:1] else heading_of(blocks)
    day = parse_date(fields.get("published", ""))
    return Draft(
        blocks=tuple(blocks), cleaner="markdown", links=tuple(links), title=fields.get("title") or title,
        publisher=fields.get("publisher"), author=fields.get("author"), url=fields.get("url"),
        published=(day,) if day else (),
    )  # fmt: skip


def _front_matter(lines: str) -> dict[str, str]:
    """The fields of a front matter that a record has too, by the names that the record gives them."""
    found: dict[str, str] = {}
    for line in lines.splitlines():
        name, _, value = line.partition(":")
        found[name.strip().casefold()] = one_line(value).strip("\"'[]")
    known = rules().markdown
    fields = {
        "title": known.title, "author": known.author, "published": known.published, "publisher": known.publisher,
        "url": known.url,
    }  # fmt: skip
    chosen = {field: next((found[name] for name in names if found.get(name)), "") for field, names in fields.items()}
    if not chosen["url"].startswith(("http://", "https://")):
        del chosen["url"]
    return {field: value for field, value in chosen.items() if value}


@functools.cache
def _parser() -> MarkdownIt:
    # Indented text is a quirk of copying far more often than it is code.
    return MarkdownIt("commonmark").enable("table").disable("code")


def _unflatten(line: str) -> str:
    """A line without images and link definitions, and with the breaks that it lost where marks inside it show them."""
    patterns = _patterns()
    flat = len(line) > _MAX_HEADING or bool(re.search(r"\S[ \t]#{2,6}[ \t]", line))
    # Images stand between paragraphs, so where one is taken out of a long line the line breaks.
    line = patterns["image"].sub("\n\n" if flat else "", line)
    line = patterns["linked_image"].sub("", line)
    line = patterns["definition"].sub("\n\n", line)
    line = patterns["reference"].sub(r"[\1](#)", line)
    if not flat:
        return line
    line = patterns["rule"].sub("\n\n", _table_lines(line))
    line = patterns["byline"].sub(r"\n\n\1\2\1\n\n", line)
    for name, mark in (("bullet", "\n\n- "), ("number", "\n\n")):
        if len(patterns[name].findall(line)) > 1:
            line = patterns[name].sub(mark, line)
    return "\n".join(piece if piece.lstrip().startswith("|") else _headings(piece) for piece in line.split("\n"))


def _headings(line: str) -> str:
    marks = list(_patterns()["heading"].finditer(line))
    # A lone "#" inside a sentence ("the # of chips") is no heading.
    marks = [mark for mark in marks if mark.start() == 0 or len(mark[1]) > 1]
    out = [line[: marks[0].start()] if marks else line]
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        body = line[mark.end() : following.start() if following else len(line)]
        heading, rest = split_heading(body)
        out.append(f"\n\n{mark[1]} {heading}\n\n{rest}")
    return "".join(out)


def split_heading(text: str) -> tuple[str, str]:
    """A heading that runs into its paragraph, and that paragraph.

    The heading ends at a question mark or a line break; else before a capitalised word that usually begins a
    sentence; else before the first capitalised word that follows a lower-case one which may stand last; else at
    the first full stop.
    """
    text = text.strip()
    words = list(re.finditer(r"\S{1,200}", text[: _MAX_HEADING + 60]))
    if len(text) <= 100 and not re.search(r"[a-z)]\.\s|\.$", text):
        return text, ""
    known = rules().markdown
    fallback: int | None = None
    for previous, word in itertools.pairwise(words):
        if word.start() > _MAX_HEADING:
            break
        if "\n" in text[previous.end() : word.start()] or previous[0].endswith(("?", "!")):
            return text[: previous.end()], text[word.start() :]
        if previous[0].endswith(".") and len(previous[0]) > 3:
            fallback = fallback or word.start()
            break
        before, bare = previous[0].casefold(), word[0].lstrip("\"'(*[")
        if not bare[:1].isupper() or before.endswith((",", ":", ";", "-", "–", "—")) or before in known.unfinished:
            continue
        lower = not previous[0][0].isupper()
        opener = bare.rstrip(",").casefold().split("'")[0] in known.openers
        if opener and (lower or previous is not words[0]) and _runs_on(words, word):
            return text[: previous.end()], text[word.start() :]
        if fallback is None and previous[0][0].islower() and previous is not words[0]:
            fallback = word.start()
    if fallback is None:
        return "", text
    return text[:fallback].rstrip(), text[fallback:]


def _runs_on(words: list[re.Match[str]], opener: re.Match[str]) -> bool:
    """Whether lower-case words follow soon: in a heading with capitals throughout, "The" begins nothing."""
    at = words.index(opener)
    following = [word[0] for word in words[at + 1 : at + 6]]
    return sum(word[0].islower() for word in following) >= min(2, len(following))


def _table_lines(line: str) -> str:
    """A flattened table on lines of its own: the row of dashes tells the number of columns."""
    divider = _patterns()["divider"].search(line)
    if not divider:
        return line
    columns = divider[0].count("|") - 1
    bars = [found.start() for found in re.finditer(r"\|", line[: divider.start()])]
    if len(bars) <= columns:
        return line
    start = bars[-columns - 1]
    rows: list[str] = []
    position = divider.end()
    while row := re.compile(rf"\s{{0,3}}\|(?:[^|\n]{{0,500}}\|){{{columns}}}").match(line, position):
        rows.append(row[0].strip())
        position = row.end()
    table = [line[start : divider.start()].strip(), divider[0], *rows]
    return "\n\n".join([line[:start], "\n".join(table), line[position:]])


def _one_block_a_line(lines: list[str]) -> str:
    """Lines as blocks of their own, but for table rows, underlined headings, and what is indented under a list item."""
    out: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        out.append(line)
        table = "|" in line and "|" in following
        underlined = bool(re.fullmatch(r"\s{0,3}(?:=+|-+)\s{0,3}", following))
        if not table and not underlined:
            out.append("")
    return "\n".join(out)


def _blocks(tokens: list[Token]) -> tuple[list[str], list[str], str | None]:
    blocks: list[str] = []
    links: list[str] = []
    first_heading: str | None = None
    rows: list[list[tuple[str, bool]]] = []
    number = ""
    for token, opening in zip(tokens, [None, *tokens], strict=False):
        if token.type == "list_item_open":
            # markdown-it takes "2027. ..." for an item of a list.
            number = f"{token.info}. " if token.info and int(token.info) > 50 else ""
        elif token.type == "inline":
            text, found = _inline(token)
            links += found
            kind = opening.type if opening else ""
            if kind in ("th_open", "td_open"):
                rows[-1].append((text, kind == "th_open"))
                continue
            if kind == "heading_open" and first_heading is None:
                first_heading = one_line(text) or None
            blocks.append(number + text)
            number = ""
        elif token.type == "tr_open":
            rows.append([])
        elif token.type == "table_close":
            blocks += table_rows(rows)
            rows = []
        elif token.type in ("fence", "code_block", "html_block"):
            blocks += _patterns()["tag"].sub(" ", token.content).split("\n")
    blocks = [one_line(block) for block in blocks]
    return [block for block in blocks if block], links, first_heading


def _inline(token: Token) -> tuple[str, list[str]]:
    parts: list[str] = []
    links: list[str] = []
    opened: int | None = None
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak") or (child.type == "html_inline" and child.content[:3] == "<br"):
            parts.append(" ")
        elif child.type == "link_open":
            opened = len(parts)
        elif child.type == "link_close" and opened is not None:
            links.append(one_line("".join(parts[opened:])))
            opened = None
    return "".join(parts), links
