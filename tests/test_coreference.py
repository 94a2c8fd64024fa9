"""What descriptions and pronouns stand for.

A case marks [companies], {sites} and (persons) as found by name, [Name:kind] with the gazetteer's kind, [Name:aside]
for a maker or bystander, and <words|name> where words stand for something. All other words must stand for nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from pipeline.components.sentences import sentence_spans
from pipeline.coreference import resolve
from pipeline.reading import Thing

MARKED = [
    # the company
    "[Fernlea] opened a hall. <The company|Fernlea> plans another.",
    "[Fernlea] opened a hall. <The social media company|Fernlea> plans another.",
    "[Fernlea] opened a hall. <This startup|Fernlea> burns gas. <That firm|Fernlea> is young.",
    "[Fernlea] leases halls from [Garrow]. <The company|Fernlea> plans another.",
    "[Fernlea] leases halls. [Garrow] does not. <The operator|Garrow> plans another.",
    "[Fernlea] leases halls. Then there is [Garrow]. <The company|Garrow> plans another.",
    "[Fernlea] leases halls. Next comes [Garrow]. <It|Garrow> plans another.",
    "[Fernlea] opened a hall. Prices rose. The sun shone. <The company|Fernlea> plans another.",
    "[Fernlea] is late, <the company|Fernlea> said.",
    "The company opened a hall before [Fernlea] did.",
    "The company opened a hall.",
    "Another company leased [Fernlea] halls. The parent company paid. The law firm billed.",
    "[Fernlea] told investors. The group of investors left. The company of friends stayed.",
    "[Fernlea] opened a hall. Its company song is old.",
    # by trade
    "[Nvidia:chip_maker] sells GPUs to [Fernlea:neocloud]. <The chipmaker|Nvidia> expects more.",
    "[Nvidia:chip_maker] sells GPUs to [Fernlea:neocloud]. <The neocloud|Fernlea> expects more.",
    "[Fernlea:ai_lab] rents from [Garrow:hyperscaler]. <The hyperscaler|Garrow> bills monthly.",
    "[Fernlea:ai_lab] rents from [Garrow:hyperscaler]. <The lab|Fernlea> pays monthly.",
    "[Garrow:hyperscaler] rents from [Fernlea:neocloud]. <The startup|Fernlea> bills monthly.",
    "[Garrow:hyperscaler] rents from [Fernlea]. <The startup|Fernlea> bills monthly.",
    "[Garrow:ai_lab] trains. Then there is [Fernlea:neocloud]. <The start-up|Fernlea> rents halls.",
    "[Fernlea:neocloud] buys from [Garrow:utility]. <The utility|Garrow> needs a line.",
    "[Fernlea] opened a hall. <The utility|Fernlea> needs a line.",
    # who is only mentioned
    "[Fernlea] opened a hall. [Holt Research:aside] was surprised. <The firm|Fernlea> had kept quiet.",
    "[Fernlea] runs [Nvidia:aside] chips at a hall. <The company|Fernlea> likes them.",
    # it, its, they
    "[Fernlea] opened a hall. <It|Fernlea> plans another.",
    "[Fernlea] opened a hall and said <it|Fernlea> plans another.",
    "[Fernlea] asked <its|Fernlea> board.",
    "[Fernlea] leases halls. [Garrow] is bolder. In October <it|Garrow> said <it|Garrow> plans another.",
    "[Fernlea] borrowed, and [Garrow] says <it|Garrow> plans another.",
    "{Granite} stands near a village that would take <the site|Granite>.",
    "[Fernlea] and [Garrow] signed. <They|Fernlea> share the line.",
    "It rained before [Fernlea] built.",
    "{Granite} stands in Ohio. <It|Granite> draws 300 MW.",
    "[Fernlea] built {Granite}. Next year 400 MW will be added <there|Granite> if there is power. There is none.",
    "[Fernlea] built {Granite}. The grid is weak. Next year 400 MW will be added there.",
    "[Fernlea] built {Granite}. <It|Fernlea> has borrowed $2 billion.",
    "[Fernlea] built {Granite}. <It|Granite> will draw 300 MW.",
    "[Fernlea] leads.\n\n[Garrow]\n\n<The company|Garrow> follows. [Fernlea] does not.\n\nLast year <it|Garrow> grew.",
    "[Fernlea] leads:\n\n- [Garrow]: <the company|Garrow> follows.",
    "[Fernlea] built {Granite}. <It|Granite> draws 300 MW.",
    # we, with and without a company behind the text
    "@Fernlea <We|Fernlea> opened <our|Fernlea> second hall today.",
    "@Fernlea The grid failed <us|Fernlea>.",
    "\"We opened our second hall today,\" [Fernlea] said.",
    # the site
    "{Granite} stands in Ohio. <The site|Granite> draws 300 MW.",
    "{Granite} stands in Ohio. <The 300-acre campus|Granite> is full.",
    "{Granite} is older than {Basalt}. <The facility|Basalt> is new.",
    "[Fernlea] runs {Granite}. <Its campus|Granite> is full.",
    "{Granite} is where <the supercomputer|Granite> stands.",
    "The site was empty before {Granite} rose.",
    "{Granite} stands in Ohio. The second campus follows. The new site is in Maine. Another facility burned.",
    "{Granite} stands in Ohio. The campus of the rival is smaller.",
    "{Granite} stands in Ohio. The gas plant beside the road is old.",
    "{Granite} stands in Ohio. A campus needs water.",
    "(Ana Voss) spoke. It was late. The company left.",
]  # fmt: skip
MARK = re.compile(
    r"\[(?P<org>[^\]:]+)(?::(?P<kind>\w+))?\]|\{(?P<site>[^}]+)\}|\((?P<man>[^)]+)\)|<(?P<words>[^|]+)\|(?P<name>[^>]+)>"
)


def thing(type_: str, name: str, start: int, kind: str = "") -> Thing:
    aside = kind == "aside"
    return Thing(
        start=start,
        end=start + len(name),
        type=type_,  # pyright: ignore[reportArgumentType]
        id=None,
        name=name,
        text=name,
        kind="" if aside else kind,
        aside=aside,
    )


def unmark(marked: str) -> tuple[str, list[Thing], list[tuple[int, str, str]]]:
    """The text, the things found by name, and (start, words, name) of what stands for one of them."""
    text, last = "", 0
    named: list[Thing] = []
    expected: list[tuple[int, str, str]] = []
    for match in MARK.finditer(marked):
        text += marked[last : match.start()]
        last = match.end()
        if match["words"]:
            expected.append((len(text), match["words"], match["name"]))
            text += match["words"]
            continue
        type_ = "company" if match["org"] else "cluster" if match["site"] else "person"
        name = match["org"] or match["site"] or match["man"]
        named.append(thing(type_, name, len(text), match["kind"] or ""))
        text += name
    return text + marked[last:], named, expected


@pytest.mark.parametrize("case", MARKED)
def test_coreference(case: str) -> None:
    voice, _, marked = case.rpartition("@")[2].partition(" ") if case.startswith("@") else ("", "", case)
    text, named, expected = unmark(marked)
    publisher = thing("company", voice, 0) if voice else None
    resolved = resolve(text, sentence_spans(text), named, publisher)
    found = [t for t in resolved if t.stands_in]
    assert all(text[t.start : t.end] == t.text for t in resolved)
    assert [(t.start, t.text, t.name) for t in found] == expected


def test_what_is_found_is_disjoint_and_in_order() -> None:
    text, named, _ = unmark(" ".join(case for case in MARKED if not case.startswith("@")))
    resolved = resolve(text, sentence_spans(text), named, None)
    assert [t for t in resolved if not t.stands_in] == named
    assert all(a.end <= b.start for a, b in pairwise(resolved))
