"""Which blocks belong to an article, and whether what is left is an English article at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.clean.refusal import Refusal
from pipeline.clean.rules import rules
from pipeline.clean.text import key

_SHORT = 250
_STUB_CHARS = 1_500
_STUB_CHARS_ONE_PHRASE = 700
_LANGUAGE_CHARS = 200
_LISTING_BLOCKS = 5


def article_blocks(blocks: Sequence[str]) -> list[str]:
    """`blocks` without calls to subscribe, credits, and the headlines of other articles."""
    known = rules().blocks
    kept: list[str] = []
    after_tail = False
    for block in blocks:
        plain = block.casefold()
        bare = plain.strip(" :.!>»→|-–—*")
        if after_tail and _is_headline(block):
            continue
        after_tail = False
        if bare in known.tail:
            after_tail = True
        elif bare not in known.drop_whole and not (len(block) < _SHORT and plain.startswith(known.drop_start)):
            kept.append(block)
    return kept


def _is_headline(block: str) -> bool:
    return len(block) <= 160 and not block.rstrip("\"')").endswith((".", "!", ";"))


def place_title(title: str | None, blocks: Sequence[str]) -> list[str]:
    """`blocks` with the title as the first, once: a repetition at the beginning of the body goes."""
    if not title:
        return list(blocks)
    body = list(blocks)
    wanted = key(title)
    for index, block in enumerate(body[:3]):
        if len(block) < 4 * len(title) and _repeats(wanted, key(block)):
            return [title, *body[:index], *body[index + 1 :]]
    if body and len(title) >= 20 and body[0].casefold().startswith(title.casefold()):
        rest = body[0][len(title) :].lstrip(" .:|–—-")
        # "... in Texas" continues the words of the title; a capital begins what follows it.
        if rest and not rest[0].islower():
            body[0] = rest
    return [title, *body]


def _repeats(title: str, block: str) -> bool:
    return block == title or (len(block) >= 20 and len(block) >= 0.5 * len(title) and title.startswith(block))


def refuse_stub(title: str | None, kept: Sequence[str], page: Sequence[str]) -> None:
    """Raises Refusal `paywall` where little is `kept` of a page whose blocks ask for a subscription."""
    left = sum(len(block) for block in kept if block != title)
    if left > _STUB_CHARS:
        return
    asked = "\n".join(page).casefold()
    said = [phrase for phrase in rules().paywall.phrases if phrase in asked]
    if len(said) > 1 or (said and left <= _STUB_CHARS_ONE_PHRASE):
        raise Refusal("paywall", f'only {left} characters of it are readable, and it says "{said[0]}"')


def refuse_listing(title: str | None, blocks: Sequence[str], links: Sequence[str]) -> None:
    """Raises Refusal `listing` where the blocks are linked headlines of other articles, with or without teasers."""
    body = [block for block in blocks if block != title]
    if len(body) < _LISTING_BLOCKS:
        return
    headlines = sorted({key(link) for link in links if len(link.split()) >= 5} - {key(title or "")})
    listed = sum(any(_leads(headline, block) for headline in headlines) for block in map(key, body[:80]))
    if listed >= _LISTING_BLOCKS and listed >= 0.4 * min(len(body), 80):
        raise Refusal("listing", f"{listed} of its {len(body)} paragraphs are linked headlines of other pages")


def _leads(headline: str, block: str) -> bool:
    return len(block) < 500 and len(headline) >= 0.2 * len(block) and -1 < block.find(headline) <= 40


def refuse_foreign(text: str) -> None:
    """Raises Refusal `not_english` on a text whose function words, or whose letters, are another language's.

    Names and tables have few function words of any language, so their absence alone rejects nothing.
    """
    if len(text) < _LANGUAGE_CHARS:
        return
    sample = text[:20_000]
    letters = sum(map(str.isalpha, sample))
    latin = sum(char < "\u0250" and char.isalpha() for char in sample)
    if letters and latin < 0.6 * letters:
        raise Refusal("not_english", "most of its letters are not Latin")
    words = [word.casefold() for word in re.findall(r"[^\W\d_]{1,40}", sample)]
    language = rules().language
    english = sum(word in language.english for word in words)
    foreign = sum(word in language.foreign for word in words)
    if foreign > 0.06 * len(words) and foreign > 1.5 * english:
        raise Refusal(
            "not_english", f"its function words are not English ({foreign} of {len(words)} words, {english} are)"
        )
