"""Deals: the words of one (`lexicon/deals.toml`), who stands on which side, and how real it is."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from pipeline import lexicon
from pipeline.claims import (
    bystanders,
    contracts,
    deal_days,
    landlords,
    pairings,
    parties,
    repeats,
    roles,
    story,
    syntax,
)
from pipeline.claims.deal_rules import DealRule, rules
from pipeline.claims.draft import Draft
from pipeline.claims.facets import Verdict, cue_at, verdict
from pipeline.claims.scope import word_pattern
from pipeline.components.phrases import PhraseTable
from pipeline.placed import Cover
from pipeline.reading import Anchor, Reading, Sentence, Thing
from pipeline.records import PartyRole

_MERE_NOT = {"negation.not"}
"""A "not" near a deal mostly denies something else; only words of denial and withdrawal negate it."""
_MEANT = re.compile(r"\b(?:will|would|plans?|are to|is to|agreed)\b")
"""Behind a saying of several: what these are to do together."""
_FUTURE = ("modal.", "intent.", "schedule.", "date.")
"""Cues of what is to be done under a contract, which say nothing of the contract."""
_GROUP = re.compile(r"\b(?:group|consortium|venture|partnership|club|syndicate) (?:of|led by|including|made up of)\b")
"""Before a list: all of it is one party of the deal."""
_DENIED = 24
"""Characters before a deal's words in which a "no" may stand."""
_TOGETHER = "deal.together"
_WHICH = re.compile(r"\b(?:that|which|where|whose)\b")
_DENIAL = 1
"""Words between a "not" and the deal that it denies ("does not have an agreement")."""


class AgreementFinder:
    """Finds agreement drafts in a reading."""

    def __init__(self) -> None:
        data = lexicon.toml("deals")
        self._deaf = tuple(data["deaf_to"])
        self._table = PhraseTable([(r.rule, r.phrases) for r in rules().values()], data["sets"])

    def find(self, reading: Reading) -> list[Draft]:
        """All agreements of the article, one for each pair of sides and mention."""
        drafts: list[Draft] = []
        for name, start, end in self._hits(reading):
            sentence = reading.sentence_at(start)
            named = any(t.type == "company" and t.start < start < t.end for t in sentence.things)
            if end > sentence.end or named or _something_else(reading, sentence, rules()[name], start):
                continue
            if not contracts.told_as_asked(reading, sentence, rules()[name], start, end):
                continue
            if rules()[name].closed_by and not _closing(name).search(reading.text, end, sentence.end):
                continue
            if not (rules()[name].inside or rules()[name].whose):
                end = _before_names(reading, sentence, start, end)
            for sides, confidence in self._parties(reading, sentence, rules()[name], start, end):
                if not contracts.concerns(reading, sentence, start, sides):
                    continue
                draft = self._draft(reading, sentence, rules()[name], (start, end), sides, confidence)
                if not _idle(reading, draft, rules()[name]):
                    drafts.append(draft)
        for sentence, first, second in pairings.find(reading):
            rule = rules()["deal.listed"]
            for sides in self._sides(reading, rule, (first.start, second.end), [first], [second]):
                drafts.append(self._draft(reading, sentence, rule, (first.start, second.end), sides, 0.7))
        drafts.extend(self._told_together(reading))
        return deal_days.apply(reading, repeats.told_once(drafts))

    def _told_together(self, reading: Reading) -> Iterator[Draft]:
        """What companies announce together, if it is a release of theirs or their trades go together."""
        rule = rules()[_TOGETHER]
        for sentence, anchor, (first, *others), release in pairings.together(reading):
            joined = release or word_pattern("deals", "scope", "joint").search(reading.text, anchor[1], sentence.end)
            fits = any(roles.supplies(*pair) for other in others for pair in ((first, other), (other, first)))
            future = fits and _MEANT.search(reading.text, anchor[1], sentence.end)
            if not joined and not future:
                continue
            for sides in self._sides(reading, rule, anchor, [first], others):
                if contracts.concerns(reading, sentence, anchor[0], sides):
                    yield self._draft(reading, sentence, rule, anchor, sides, 0.7)

    def _hits(self, reading: Reading) -> list[tuple[str, int, int]]:
        """Matches in characters, without those that a passive turns round ("supplied" in "supplied by")."""
        found = [(name, *reading.token_span(first, last)) for name, first, last in self._table.find(reading.doc)]
        by = Cover(Anchor(*each) for _, *each in found if reading.text[slice(*each)].lower().endswith(" by"))
        return [
            (name, start, end)
            for name, start, end in found
            # What is wider than the match by a character, on either side, holds more than the match.
            if not by.holds(Anchor(start - 1, end)) and not by.holds(Anchor(start, end + 1))
        ]

    def _draft(
        self,
        reading: Reading,
        sentence: Sentence,
        rule: DealRule,
        anchor: tuple[int, int],
        sides: Sequence[tuple[PartyRole, Thing]],
        confidence: float,
    ) -> Draft:
        placed = Anchor(*anchor)
        made = (
            contracts.under_contract(reading, sentence)
            or (rule.strong and _made(reading, anchor))
            or rule.joint
            or syntax.is_past(sentence, anchor[0])
        )
        deaf = (*self._deaf, *rule.deaf_to, *(_FUTURE if made else ()))
        judge = functools.partial(
            verdict,
            reading,
            sentence,
            placed,
            default="planned" if _infinitive(reading, anchor) else rule.default,
            default_rule=f"{rule.rule}.stated",
            inside=True,
            default_confidence=0.9 if rule.strong else 0.8,
        )
        found = judge(deaf_to=deaf)
        if _of_another_clause(reading, sentence, found, placed):
            found = judge(deaf_to=(*deaf, *_MERE_NOT))
        denied = _denied().search(reading.text, max(sentence.start, anchor[0] - _DENIED), anchor[1])
        if denied:
            cue = cue_at(reading.text, *denied.span(), "negated", "negation.denied")
            found = found.overruled(cue, "negated", 0.9)
        if _of_its_matter(reading, found, placed):
            found = judge(deaf_to=(*deaf, *_FUTURE, "plan."))
        return Draft(
            kind="agreement",
            nature=rule.nature,
            strong=rule.strong and found.realization == "realized",
            sentence=sentence,
            anchor=anchor,
            verdict=found,
            subject=_subject(sides),
            link_confidence=confidence,
            parties=tuple(sides),
            another=contracts.of_a_further_site(reading, sentence, placed),
            date=deal_days.made_on(
                reading,
                sentence,
                placed,
                [t for _, t in sides],
                signed=rule.strong or syntax.is_past(sentence, anchor[0]),
            ),
        )

    def _parties(
        self, reading: Reading, sentence: Sentence, rule: DealRule, start: int, end: int
    ) -> list[tuple[list[tuple[PartyRole, Thing]], float]]:
        orgs = bystanders.candidates(reading, sentence)
        passive = rule.left == "customer" and reading.text[start:end].lower().endswith(" by")
        through_it = bool(rule.through) and rule.left == "customer"
        before = [
            t
            for t in parties.outside_appositions(reading, sentence, [o for o in orgs if o.end <= start])
            if not (passive and story.of_a_product(sentence, t)) and not (through_it and bystanders.named_aside(t))
        ]
        left = parties.left_of(reading, sentence, before, start, end)
        if left and syntax.is_object(sentence, left[-1]):
            doer = syntax.doer(sentence, reading.text, Anchor(start, end), before)
            apart = doer and doer not in left and not parties.inserted(reading, sentence, doer, start)
            left = [doer] if doer and apart else left
        if rule.inside:
            left = [t for t in orgs if start <= t.start < end]
        after = parties.behind(reading, sentence, orgs, start, end)
        right = parties.right_of(reading, after, start, end, reach=rule.reach)
        if not before and rule.rule == "deal.partner":
            left, right = parties.fronted(reading, sentence, after, start, end)
        if right and parties.out_of_reach(reading, sentence, start, end, right[0]):
            right = []
        if rule.named:
            left, right = parties.named(reading, before, start)
        if rule.listed:
            left = parties.list_before(reading, before, start, end)
            left = left if not rule.apposed or parties.apposed(reading, left, start, end) else []
            left = left if rule.nature != "financing" or contracts.of_money(reading, sentence, left) else []
            right = parties.subject_of(reading, sentence, orgs, left)
        if rule.alone or (rule.bare and right and not parties.bare(reading, sentence, end, right[0])):
            right = []
        if rule.mutual and len(left) > 1:
            right = [t for t in right if t.key not in {o.key for o in left}]
        if rule.whose:
            right = parties.whose(reading, orgs, start, end)
        if rule.closed_by:
            right = right if right and _closing(rule.rule).match(reading.text, right[-1].end) else []
        if rule.through:
            right = parties.through(reading, sentence, after, rule.through, start, end)
        rents = bool(re.match(r"leas|rent", reading.text[start:end].lower()))
        if rule.right == "customer":
            sites = [] if rents or rule.reach else parties.site_after(reading, sentence, end)
            sites = [landlords.owner_of(reading, t, left) or t for t in sites]
            sites = [] if rule.mutual and len(left) > 1 else sites
            right = [t for t in right if not t.aside] or sites
        if rule.nature == "financing" or reading.text[start:end].lower().endswith(" for"):
            right = [t for t in right if not story.named_for_goods(reading, t)]
        right = [] if right and parties.somebody_between(sentence, end, right[0]) else right
        right = right or [t for t in parties.from_which(reading, sentence, orgs, start) if t not in left[1:]]
        if not right and not rule.alone and not rule.listed:
            right = parties.antecedent(reading, orgs, left)
        if rule.lender:
            left = [t for t in left if roles.lends(t)]
            if not left or (not rule.through and _lent_to(right)):
                right = []
            elif not rule.through:
                right = story.teller(reading, sentence, orgs, left, end)
        if not left and rule.left != rule.right and reading.text[start:end].lower().endswith(" by"):
            left = [t for t in orgs if start <= t.start < end and not t.aside and not t.stands_in]
        if not left and passive and right:
            left = parties.through(reading, sentence, [t for t in after if t not in right], ("to",), start, end)
        if right and left and left[0].key == right[0].key and right[0].end <= start:
            left = [t for t in before if t.start > right[0].end][-1:]
        if right and not left and rule.right == "supplier":
            left = story.of_the_lead(reading, sentence, right, start)
        confidence = 0.85
        if right and not left and rule.nature == "supply":
            sites = parties.site_before(reading, sentence, start)
            left = [landlords.owner_of(reading, t, right) or t for t in sites]
            left = [t for t in left if t.type != "cluster" or rule.right != "developer"]
        if right and not left and rule.where == "around":
            left = (
                story.teller(reading, sentence, orgs, right, end)
                if rule.story
                else story.earlier_company(reading, sentence, right)
            )
            confidence = 0.6
        if left and not right and rule.right == "supplier" and rule.nature == "supply" and rule.through != ("with",):
            right = landlords.landlord(reading, sentence, left, start, end)
            confidence = 0.6
        if left and right:
            keys = {t.key for t in right}
            left = [t for t in left if t.key not in keys]
        if rule.behind:
            left, right = [], [t for t in right if not t.stands_in]
        if not left and rule.where == "after" and rule.left == rule.right and len(right) >= 2:
            return [([(roles.role_of(t, "party"), t) for t in right], confidence)]
        if not right and rule.mutual:
            left = pairings.the_two(reading, sentence, start) or left
        if not right and len(left) >= 2 and rule.mutual:
            return [([(roles.role_of(t, "party"), t) for t in left], 0.7)]
        if not left or not right:
            return []
        if rule.left == rule.right:
            return [([(roles.role_of(t, rule.left), t) for t in [*left, *right]], confidence)]
        return [(sides, confidence) for sides in self._sides(reading, rule, (start, end), left, right)]

    def _sides(
        self, reading: Reading, rule: DealRule, anchor: tuple[int, int], left: Sequence[Thing], right: Sequence[Thing]
    ) -> list[list[tuple[PartyRole, Thing]]]:
        """The parties with their roles, once for each deal that the words tell."""
        start, end = anchor
        turned = (rule.left, rule.right, rule.nature) == ("customer", "supplier", "supply") and roles.serves(
            reading, (start, end), left[0], right[-1]
        )
        first, second = ("supplier", "customer") if turned else (rule.left, rule.right)
        if rule.rule == _TOGETHER and len(right) > 1:
            first = second = "party"
        sides: list[tuple[PartyRole, Thing]] = [(roles.role_of(t, first), t) for t in left]
        others: list[tuple[PartyRole, Thing]] = [(roles.role_of(t, second), t) for t in right]
        lent = all(t.kind == "investor" for t in right)
        several = _GROUP.search(reading.text, end, max(end, right[0].start))
        if (
            rule.nature == "financing"
            or lent
            or several
            or ((rule.together or _one(reading, start, end)) and not _plural(reading, start, end))
        ):
            return [[*sides, *others]]
        return [[*sides, other] for other in others]


@functools.cache
def _closing(name: str) -> re.Pattern[str]:
    """What closes the parties of a rule that calls them something ("… and Garrow among its first tenants")."""
    words = "|".join(rules()[name].closed_by)
    return re.compile(rf"\s(?:among|amongst|as)\s(?:(?!and\b)[\w-]+\s){{0,5}}(?:{words})\b", re.IGNORECASE)


def _before_names(reading: Reading, sentence: Sentence, start: int, end: int) -> int:
    """Where the words of a deal end, without a name that their gaps run over ("agreed to buy Tarn in a deal"); words
    that a preposition closes run on to it, unless it stood before the name too ("talks with Tarn to work with").
    """
    names = [t.start for t in sentence.things if t.type == "company" and start < t.start < end and not t.stands_in]
    first = min(names, default=end)
    if first == end or not parties.ends_in_preposition(reading, start, end):
        return first
    words = reading.text[start:first].split()
    same = words and words[-1].lower() == reading.text[start:end].rsplit(None, 1)[-1].lower()
    return first - 1 if same else end


def _idle(reading: Reading, draft: Draft, rule: DealRule) -> bool:
    """Whether the words tell of no deal: a "not" of something else, or money that somebody only means to put in."""
    found = draft.verdict
    if found.realization == "negated" and found.cues[0].rule in _MERE_NOT:
        return not rule.deniable or reading.words_between(found.cues[0].end, draft.anchor[0]) > _DENIAL
    return rule.nature == "financing" and found.realization == "planned" and not rule.strong


def _of_another_clause(reading: Reading, sentence: Sentence, found: Verdict, anchor: Anchor) -> bool:
    """Whether what negates a deal is a mere "not" of a clause before ("a plant that never stopped: it widened …")."""
    cue = found.cues[0]
    if found.realization != "negated" or cue.rule not in _MERE_NOT:
        return False
    apart = sentence.clause_at(cue.start) != sentence.clause_at(anchor.start)
    return apart or ":" in reading.text[cue.end : anchor.start]


@functools.cache
def _denied() -> re.Pattern[str]:
    """A deal that there is not ("had no agreement with", "signed no deal")."""
    nouns = "|".join(lexicon.toml("deals")["sets"]["deal"])
    return re.compile(
        rf"\b(?:no|without an?|without any|not any) (?:(?!longer\b|other\b|more\b)[\w-]{{1,20}} ){{0,2}}(?:{nouns})\b",
        re.IGNORECASE,
    )


def _of_its_matter(reading: Reading, found: Verdict, anchor: Anchor) -> bool:
    """Whether what makes a deal a plan is said, in a relative clause behind it, of what the deal is about ("announced
    a deal with Tarn that will bring 90 MW").
    """
    cue = found.cues[0]
    between = reading.text[anchor.end : cue.start] if cue.start > anchor.end else ""
    return found.realization == "planned" and bool(_WHICH.search(between))


def _infinitive(reading: Reading, anchor: tuple[int, int]) -> bool:
    """Whether the deal's words are an infinitive ("to supply", "to invest in"): then it is still to be done."""
    start, end = anchor
    inside = re.match(r"to\s", reading.text[start:end])
    before = re.search(r"\bto\s$", reading.text[max(0, start - 4) : start])
    verb = start if inside else start - 3
    agreed = word_pattern("deals", "sets", "deal").search(reading.text, max(0, verb - 15), verb)
    return bool((inside or before) and not (agreed and agreed.end() == verb - 1))


def _lent_to(right: Sequence[Thing]) -> bool:
    """Whether the words themselves name who takes the money, which other rules read."""
    return any(not roles.lends(t) and not t.aside for t in right)


def _something_else(reading: Reading, sentence: Sentence, rule: DealRule, start: int) -> bool:
    clause = sentence.clauses[sentence.clause_at(start)]
    words = set(re.findall(r"[a-z]+", reading.text[clause.start : clause.end].lower()))
    return not words.isdisjoint(rule.unless)


def _made(reading: Reading, anchor: tuple[int, int]) -> bool:
    """Whether a deal's words are a perfect or a signing ("has placed an order"), which no modal around them turns."""
    return bool(
        re.match(r"(?:has|have|had|(?:the )?signing|signature)\s", reading.text[anchor[0] : anchor[1]], re.IGNORECASE)
    )


@functools.cache
def _deals() -> re.Pattern[str]:
    plurals = [word for word in lexicon.toml("deals")["sets"]["deal"] if word.endswith("s")]
    return re.compile(rf"\b(?:{'|'.join(plurals)}|under contract)\b", re.IGNORECASE)


def _one(reading: Reading, start: int, end: int) -> bool:
    """Whether the words name a deal, which then is one with all that stand behind it."""
    return bool(word_pattern("deals", "sets", "deal").search(reading.text, start, end))


def _plural(reading: Reading, start: int, end: int) -> bool:
    """Whether the words tell of several deals ("signed deals with", "has 90 MW under contract with")."""
    under = (
        reading.text[max(0, start - 6) : start].lower() == "under "
        and reading.text[start:end].lower() == "contract with"
    )
    return under or bool(_deals().search(reading.text, start, end))


def _subject(sides: Sequence[tuple[PartyRole, Thing]]) -> Thing:
    """The payer, builder or customer of a deal."""
    for wanted in ("customer", "developer", "owner", "party"):
        for role, thing in sides:
            if role == wanted:
                return thing
    return sides[0][1]
