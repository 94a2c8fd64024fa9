"""What speaks for a bare name being a site: a list or table that it heads, what stands at it, what it does.

"Site: Heron; Load: 40 MW", "Heron, Ohio (Ashby Cloud): 40 MW", "40 MW at Heron", "the Heron hall", "Heron went live",
"phase two of Heron", "the campus Heron". Points as for companies: 3 says that it is a site, 2 that it is likely one.
The words are data (`[sites]` and `[[evidence.site_signs]]` of names.toml).
"""

from __future__ import annotations

import re

from pipeline.components.name_runs import company_word
from pipeline.components.name_words import Words, phrase_at, phrases, rules, signs

_POWER = re.compile(r"\d*(?:mw|gw|mwh|gwh)|megawatts?|gigawatts?")
_CHIPS = re.compile(r"gpus?|tpus?|chips|accelerators|superchips|rubins|blackwells|hoppers|[a-z]{1,3}\d{2,4}s")
_STRONG = 3
_LIKELY = 2
_AT_REACH = 7
_ITEM_REACH = 40
_AFTER_COLON = 6
_PART_REACH = 16
_INSIDE = ("to", "in", "near", "outside", "from")
"""What makes the name behind it no subject of a verb ("its campus in Ashby went live")."""
_LABEL = 3
"""Words of the longest label of a table cell."""


def site_points(words: Words, first: int, last: int, *, town: bool = False) -> int:
    """The best sign around one mention of a name; 0 for none. What a company has as well counts only for a town."""
    if heads_item(words, first, last) or in_cell(words, first, "site_labels"):
        return _STRONG
    if words.possessive(last):
        return (_LIKELY if town else 1) * _possessed(words, first, last)
    if _at(words, first) or _part_of(words, first, last) or _does(words, first, last) or _called(words, first, last):
        return _LIKELY
    if _beside(words, first, last) or (_opens_at(words, first) and (town or _feature(words, last))):
        return _LIKELY
    return 0


def amount(words: Words, index: int) -> bool:
    """Whether the word measures a site: a unit of power, or chips."""
    word = words.lower(index)
    return bool(_POWER.fullmatch(word) or _CHIPS.fullmatch(word))


def in_cell(words: Words, first: int, labels: str) -> bool:
    """Whether the name opens the cell of a table whose label is one of the list ("Site: NAME;")."""
    colon = first - 1
    if words.lower(colon) != ":" or not words.same_line(colon, first):
        return False
    for start in range(colon - 1, max(-1, colon - 1 - _LABEL), -1):
        if not words.same_line(start, colon):
            return False
        if " ".join(words.lowers[start:colon]) in rules("sites", labels):
            return words.lower(start - 1) == ";" or not words.same_line(start - 1, start)
    return False


def heads_item(words: Words, first: int, last: int) -> bool:
    """Whether the name opens an item that measures it: "NAME, Ohio (Ashby Cloud): 40 MW", "NAME, Ohio. It has …"."""
    if not _line_begins(words, first) or company_word(words.lowers[last - 1]):
        return False
    if words.lowers[first] in rules("persons", "firsts"):
        return False
    at, placed = _behind_place(words, last)
    if words.lower(at) == "(" and words.same_line(first, at):
        close = next((i for i in range(at + 1, min(at + 16, len(words))) if words.forms[i] == ")"), 0)
        at = close + 1 if close else at
    capitals = "".join(words.forms[first:last])
    dated = capitals.isupper() and len(capitals) > 3 and capitals.replace(".", "").isalpha()
    sign = words.lower(at)
    if dated or not words.same_line(first, at + 1) or sign not in ((":", "—", "–", ".") if placed else (":", "—", "–")):
        return False
    reach = _ITEM_REACH if placed and sign in ":." else _AFTER_COLON
    near = range(at + 1, min(len(words), at + 1 + reach))
    steps = rules("sites", "item_steps") if placed else frozenset[str]()
    told = any(words.same_line(first, i) and (amount(words, i) or words.lowers[i] in steps) for i in near)
    number = any(words.same_line(first, i) and words.forms[i][0].isdigit() for i in near)
    return told and number


def owns_item(words: Words, first: int, last: int) -> bool:
    """Whether the name stands in the parentheses of such an item: "Heron, Ohio (NAME, for Quorvia): 40 MW"."""
    near = range(first - 1, max(-1, first - 8), -1)
    opened = next((i for i in near if words.forms[i] in "()"), -1)
    closed = next((i for i in range(last, min(len(words), last + 8)) if words.forms[i] in "()"), -1)
    if opened < 0 or closed < 0 or words.forms[opened] == ")" or words.forms[closed] == "(":
        return False
    if not words.same_line(opened, closed + 1) or words.forms[closed + 1] != ":":
        return False
    start = opened
    while words.same_line(start - 1, opened) and opened - start < 10:
        start -= 1
    if words.same_line(start - 1, opened):
        return False
    while start < opened and not words.forms[start][0].isalpha():
        start += 1
    end = next((i for i in range(start, opened) if words.forms[i] == ","), opened)
    return start < end and heads_item(words, start, end)


def _line_begins(words: Words, first: int) -> bool:
    """Whether nothing but a bullet or a number stands before the word in its line."""
    before = first - 1
    while words.same_line(before, first):
        if words.forms[before][0].isalpha():
            return False
        if first - before > 3:
            return False
        before -= 1
    return True


def _behind_place(words: Words, last: int) -> tuple[int, bool]:
    """Where ", Ohio" or ", Co. Mayo, Ireland" behind the name ends, and whether there is one."""
    at, placed = last, False
    for _ in range(2):
        if words.lower(at) != "," or not words.same_line(at - 1, at + 1):
            break
        end = at + 1
        while end < min(len(words), at + 5) and words.same_line(at, end) and _place_word(words, end, at):
            end += 1
        if end == at + 1:
            break
        at, placed = end, True
    return at, placed


def _place_word(words: Words, index: int, comma: int) -> bool:
    short = words.forms[index] == "." and words.lowers[index - 1] in ("co", "st")
    point = words.lowers[index] in rules("sites", "compass") and index == comma + 1
    return short or point or (words.capital[index] and words.forms[index][0].isalpha())


def heads_section(words: Words, first: int, last: int) -> bool:
    """Whether the name is a heading by itself and the lines below speak of a site or of power."""
    if not _line_begins(words, first):
        return False
    end, _ = _behind_place(words, last)
    if end >= len(words) or words.same_line(first, end):
        return False
    heads = (phrases("sites", "heads"), phrases("sites", "apposed"))
    near = range(end, min(len(words), end + _ITEM_REACH))
    below = [i for i in near if words.same_line(end, i)]
    return any(amount(words, i) or any(phrase_at(words, i, table) for table in heads) for i in below)


def _at(words: Words, first: int) -> bool:
    """Whether "40 MW at NAME", "a second hall at NAME", "racks into NAME" or "shells of NAME" ends before the name."""
    link = first - 1
    if not words.same_line(link, first):
        return False
    word = words.lower(link)
    if word == "in" and words.lower(link - 1) == "," and words.lower(link - 2) in rules("sites", "one_of"):
        return True
    if word == "in":  # "40 MW in NAME" is a site's load, "9,000 chips in NAME" are a company's
        return bool(link and (_POWER.fullmatch(words.lower(link - 1)) or words.lower(link - 1) == "turbines"))
    if word in rules("sites", "done_to"):
        return True
    if word == "of":
        return _within(words, link, 3, "of_parts")
    if word in ("to", "onto") and _within(words, link, _AT_REACH, "moved"):
        return True
    if word in ("at", "for", "into", "to"):
        chips = _amount_before(words, link, _AT_REACH, bare=word == "at")
        return (
            chips if word != "at" else chips or _within(words, link, _AT_REACH, "at_parts") or _site_before(words, link)
        )
    return False


def _site_before(words: Words, link: int) -> bool:
    """Whether a word for a site and a comma end before "at": "a second campus, at NAME"."""
    comma = link - 1
    heads = phrases("sites", "heads")
    starts = range(max(0, comma - 3), comma)
    return words.lower(comma) == "," and any(
        words.same_line(i, link) and 0 < phrase_at(words, i, heads) == comma - i for i in starts
    )


def _amount_before(words: Words, link: int, reach: int, *, bare: bool = False) -> bool:
    """Whether a number of chips or of megawatts (or `bare` chips) stands within reach, no comma between."""
    for index in range(link - 1, max(-1, link - 1 - reach), -1):
        if not words.same_line(index, link) or words.lowers[index] in ",;:().":
            return False
        if amount(words, index):
            near = range(max(0, index - 4), index + 1)
            return bare or any(words.forms[i][0].isdigit() or words.lowers[i] in rules("sites", "counts") for i in near)
    return False


def _within(words: Words, link: int, reach: int, key: str) -> bool:
    for index in range(link - 1, max(-1, link - 1 - reach), -1):
        if not words.same_line(index, link) or words.lowers[index] in ";:().":
            return False
        if words.lowers[index] in rules("sites", key):
            return True
    return False


def _beside(words: Words, first: int, last: int) -> bool:
    """Whether ", outside Leipzig," or ", east of Macon" stands behind the name: said of sites, hardly of companies."""
    if words.lower(last) != "," or not words.same_line(first, last + 2):
        return False
    if words.lower(last + 1) in rules("sites", "near"):
        return words.capital[last + 2]
    return words.lower(last + 1) in rules("sites", "compass") and words.lower(last + 2) == "of"


def _opens_at(words: Words, first: int) -> bool:
    """Whether a sentence opens with "At NAME"."""
    return words.lower(first - 1) == "at" and words.opening[first - 1] and words.same_line(first - 1, first)


def _feature(words: Words, last: int) -> bool:
    """Whether the name ends in a word for a landscape ("Pelican Bend")."""
    return words.lowers[last - 1] in rules("places", "features")


def _possessed(words: Words, first: int, last: int) -> bool:
    """Whether "NAME's second hall" stands there."""
    last = words.past_possessive(last)
    near = range(last, min(len(words), last + 3))
    parts = rules("sites", "own_parts")
    return any(words.same_line(first, i) and words.lowers[i] in parts and words.forms[i].islower() for i in near)


def _part_of(words: Words, first: int, last: int) -> bool:
    """Whether "the NAME hall" or "NAME phase one" stands there."""
    if not words.same_line(first, last):
        return False
    if words.lower(last) == "phase" and words.lower(last + 1) in rules("sites", "series"):
        return True
    before = words.lower(first - 1)
    determined = before in rules("sites", "before_part") and words.same_line(first - 1, first)
    part = words.lower(last) in rules("sites", "own_parts") and words.forms[last].islower()
    trade = rules("sites", "trade")
    near = _sentence_near(words, first, last)
    return determined and part and any(amount(words, i) or words.lowers[i] in trade for i in near)


def _sentence_near(words: Words, first: int, last: int) -> range:
    """The words of the sentence around a name, as far as a part of a site may stand from what it holds."""
    start, end = first, last
    while first - start < _PART_REACH and start > 0 and not words.opening[start]:
        start -= 1
    while end - last < _PART_REACH and end < len(words) and not words.opening[end]:
        end += 1
    return range(start, end)


def _does(words: Words, first: int, last: int) -> bool:
    """Whether a verb of sites alone stands behind the name."""
    if not words.same_line(first, last) or words.lower(first - 1) in _INSIDE:
        return False
    found = signs("after", "site_signs").get(words.lower(last), ())
    return any(
        tuple(words.lowers[last : last + len(cut)]) == cut and words.lower(last + len(cut)) != "up" for cut, _ in found
    )


def _called(words: Words, first: int, last: int) -> bool:
    """Whether a word for a site stands just before the name, which no verb of its own follows: "the campus NAME,"."""
    tables = (phrases("sites", "heads"), phrases("sites", "apposed"), phrases("sites", "plants"))
    for start in range(first - 1, max(-1, first - 4), -1):
        if not words.same_line(start, first) or not words.forms[start][0].islower():
            return False
        if any(0 < phrase_at(words, start, table) == first - start for table in tables):
            follows = words.lower(last)
            return (
                not words.same_line(first, last)
                or follows in rules("sites", "after_called")
                or not words.forms[last][0].isalnum()
            ) and not words.possessive(last)
    return False
