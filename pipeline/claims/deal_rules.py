"""Which words tell of a deal, and what is known of its sides by them (`lexicon/deals.toml`)."""

from __future__ import annotations

import functools
from typing import Literal

from pipeline import lexicon
from pipeline.records import PartyRole


class DealRule(lexicon.Rule):
    """One row of deals.toml."""

    left: PartyRole
    right: PartyRole
    where: Literal["after", "around"]
    nature: Literal["supply", "acquisition", "financing"] = "supply"
    """What changes hands; two deals of different nature between the same parties are two claims."""
    strong: bool = False
    """Whether the words by themselves tell of a deal that was made."""
    default: Literal["realized", "planned", "possible"] = "realized"
    """What the words say where no cue does."""
    mutual: bool = False
    """Whether the parties may all stand before the words ("Garrow and Tarn signed a lease")."""
    together: bool = False
    """Whether several parties behind the words share one deal ("a venture with Tarn and Garrow")."""
    deniable: bool = True
    """Whether a "not" right before the words denies the deal, and not something that is told beside it."""
    alone: bool = False
    """Whether both parties stand before the words, so that a name behind them is none."""
    named: bool = False
    """Whether the party on the right stands right before the words, behind its owner ("Garrow's Tarn contract")."""
    whose: bool = False
    """Whether the party on the right stands between the words, as owner ("is Garrow's only tenant")."""
    inside: bool = False
    """Whether the party on the left stands between the words ("built for Garrow by Tarn")."""
    listed: bool = False
    """Whether the parties on the left are the list that the words close, and the other side is told before it."""
    apposed: bool = False
    """Whether these words stand between commas behind their list ("Tarn, Garrow and Fenn, the lenders, …")."""
    reach: int = 0
    """Words between the deal's words and the party behind them, where that is its direct object; 0: as far as usual."""
    bare: bool = False
    """Whether the party behind is the very object of the words, without a preposition or a size before it."""
    under_contract: bool = False
    """Whether the words are a deal's only where the sentence names the contract ("under the deal … will deploy")."""
    money: bool = False
    """Whether what changes hands is a sum, told in the clause or named by the words ("raised $2bn from")."""
    lender: bool = False
    """Whether those before the words are in money by trade, and the other side is the company of the story."""
    story: bool = False
    """Whether the words leave out who acts, which then is the company of the story ("an order was placed with")."""
    joint: bool = False
    """Whether the words are a deal's only where both sides announce it, or the sentence names the contract."""
    behind: bool = False
    """Whether all parties stand behind the words ("the consortium includes Tarn and Garrow")."""
    through: tuple[str, ...] = ()
    """Words of which one must stand before the party behind ("from" in "leases 40 MW from"); none: no matter."""
    closed_by: tuple[str, ...] = ()
    """What the parties behind the words must be called ("counts Tarn and Garrow among its tenants")."""
    unless: tuple[str, ...] = ()
    """Words that, in the clause of the deal's words, show that something else changes hands."""
    deaf_to: tuple[str, ...] = ()
    """Cue rules, beyond those that no deal hears, that speak of something else beside these words."""
    phrases: tuple[str, ...]


@functools.cache
def rules() -> dict[str, DealRule]:
    """The deal rules by name; `LexiconError` names the row that is wrong."""
    return lexicon.rules("deals", "deal", DealRule)
