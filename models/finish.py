"""What the trained pipeline gets without training: parts of speech and lemmas, by tables from the treebanks."""

# spaCy's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from spacy.language import Language
from spacy.lookups import Lookups

from models.corpus import Tree
from models.projection import SPACE_TAG

# A relation gets a row of its own in the table of parts of speech when it is seen this often with the tag.
_ENOUGH = 5
# So does a word of a closed class that has this share of one part of speech.
_SURE = 0.9
_CLOSED = ("AUX", "PART", "PRON", "DET", "ADP", "SCONJ", "CCONJ")
_DOUBLED = "bdfgklmnprtvz"
# Names keep their form; all other parts of speech have a table of exceptions at least.
_CLASSES = {
    pos: pos.lower()
    for pos in ("NOUN", "VERB", "ADJ", "AUX", "ADV", "PRON", "DET", "PART", "ADP", "SCONJ", "CCONJ", "INTJ", "NUM")
}
_LOWER = [["", ""]]
_MORPH = {
    "NN": "Number=Sing", "NNP": "Number=Sing", "NNS": "Number=Plur", "NNPS": "Number=Plur",
    "VB": "VerbForm=Inf", "VBP": "Mood=Ind|Tense=Pres|VerbForm=Fin", "VBD": "Mood=Ind|Tense=Past|VerbForm=Fin",
    "VBZ": "Mood=Ind|Number=Sing|Person=3|Tense=Pres|VerbForm=Fin", "MD": "VerbForm=Fin",
    "VBG": "Tense=Pres|VerbForm=Part", "VBN": "Tense=Past|VerbForm=Part",
    "JJ": "Degree=Pos", "JJR": "Degree=Cmp", "JJS": "Degree=Sup", "RBR": "Degree=Cmp", "RBS": "Degree=Sup",
}  # fmt: skip
# Suffix and what takes its place; of several outcomes that are words, the last rule wins.
_RULES = {
    "noun": [
        ["s", ""], ["ses", "s"], ["xes", "x"], ["zes", "z"], ["ches", "ch"], ["shes", "sh"], ["ves", "f"], ["ies", "y"],
        ["men", "man"],
    ],
    "verb": [
        ["s", ""], ["es", ""], ["es", "e"], ["ies", "y"], ["ied", "y"], ["ed", ""], ["ed", "e"], ["ing", ""],
        ["ing", "e"],
        *([letter * 2 + end, letter] for letter in _DOUBLED for end in ("ed", "ing")),
    ],
    "adj": [
        ["er", ""], ["est", ""], ["er", "e"], ["est", "e"], ["ier", "y"], ["iest", "y"],
        *([letter * 2 + end, letter] for letter in _DOUBLED for end in ("er", "est")),
    ],
}  # fmt: skip


def finish(nlp: Language, found: list[Tree]) -> None:
    """Add to `nlp`, from the training trees, `attribute_ruler` and `lemmatizer`; drop what only training needs.

    The ruler sets `token.pos` from tag and relation and `token.morph` from the tag.
    """
    tagger: Any = nlp.get_pipe("tagger")
    ruler: Any = nlp.add_pipe("attribute_ruler", config={"validate": True})
    ruler.add_patterns(pos_patterns(found, tagger.labels))
    lemmatizer: Any = nlp.add_pipe("lemmatizer", config={"mode": "rule"})
    lemmatizer.initialize(list, nlp=nlp, lookups=lemma_tables(found))
    nlp.config["nlp"]["after_creation"] = None
    for section in ("paths", "corpora", "training", "initialize"):
        nlp.config[section] = {}


def pos_patterns(found: list[Tree], labels: Iterable[str]) -> list[dict[str, Any]]:
    """Patterns for the attribute ruler: for a tag its usual part and features, then for a relation or a word.

    Of `labels`, the tags that the trees do not hold get `X`.
    """
    by_tag: defaultdict[str, Counter[str]] = defaultdict(Counter)
    by_both: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    by_word: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for tree in found:
        for node in tree.nodes:
            by_tag[node.tag][node.pos] += 1
            by_word[node.tag, node.text.lower().replace("’", "'")][node.pos] += 1
            by_both[node.tag, "ROOT" if node.dep == "root" else node.dep][node.pos] += 1
    usual = {tag: _top(counts) for tag, counts in by_tag.items()}
    usual = dict.fromkeys(labels, "X") | usual | {SPACE_TAG: "SPACE"}
    patterns: list[dict[str, Any]] = [
        {"patterns": [[{"TAG": tag}]], "attrs": {"POS": pos} | ({"MORPH": _MORPH[tag]} if tag in _MORPH else {})}
        for tag, pos in sorted(usual.items())
    ]
    for (tag, dep), counts in sorted(by_both.items()):
        pos = _top(counts)
        if pos != usual[tag] and counts[pos] >= _ENOUGH:
            patterns.append({"patterns": [[{"TAG": tag, "DEP": dep}]], "attrs": {"POS": pos}})
    for (tag, word), counts in sorted(by_word.items()):
        pos = _top(counts)
        if pos != usual[tag] and pos in _CLOSED and counts[pos] >= max(_ENOUGH, _SURE * counts.total()):
            forms = sorted({word, word.replace("'", "’")})
            patterns.append({"patterns": [[{"TAG": tag, "LOWER": form}] for form in forms], "attrs": {"POS": pos}})
    return patterns


def _top(counts: Counter[str]) -> str:
    return min(counts, key=lambda name: (-counts[name], name))


def lemma_tables(found: list[Tree]) -> Lookups:
    """Tables of spaCy's rule lemmatizer: rules, known base forms, and the seen forms that the rules get wrong."""
    seen: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for tree in found:
        for node in tree.nodes:
            if node.pos in _CLASSES and node.text.replace("'", "").isalpha():
                seen[_CLASSES[node.pos], node.text.lower()][node.lemma] += 1
    index: dict[str, dict[str, bool]] = {}
    for name in _CLASSES.values():
        bases = {_top(counts) for (kind, _), counts in seen.items() if kind == name}
        index[name] = dict.fromkeys(sorted(bases), True)
    exceptions: dict[str, dict[str, list[str]]] = {name: {} for name in index}
    for (name, form), counts in sorted(seen.items()):
        lemma = _top(counts)
        if "'" in form:
            exceptions[name][form.replace("'", "’")] = [lemma]
        if _by_rule(form, _RULES.get(name, _LOWER), index[name]) != lemma:
            exceptions[name][form] = [lemma]
    lookups = Lookups()
    lookups.add_table("lemma_rules", {name: _RULES.get(name, _LOWER) for name in index})
    lookups.add_table("lemma_exc", exceptions)
    lookups.add_table("lemma_index", index)
    return lookups


def _by_rule(form: str, rules: list[list[str]], index: dict[str, bool]) -> str:
    """What the rule lemmatizer makes of a form that is no exception."""
    known: list[str] = []
    unknown: list[str] = []
    for old, new in rules:
        if form.endswith(old) and (made := form[: -len(old)] + new):
            known.insert(0, made) if made in index else unknown.append(made)
    return (known or unknown or [form])[0]
