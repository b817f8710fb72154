"""The text of docs/decision.md, made from the truth table and the vocabularies. Pure."""

from __future__ import annotations

from consent.decision.truth_table import render_markdown
from consent.decision.vocabulary import TYPE_KEYS, TYPES_CLOSED_TO_MINORS, Obligation, Regime

OBLIGATIONS = {
    Obligation.ON_DEVICE_ONLY: "a feature is registered as on-device: read it on the person's "
    "device only and send nothing of it. Of a system: a feature its serving version reads; of a "
    "purpose: a feature that is allowed for it",
    Obligation.HUMAN_REVIEW: "a person decides this case: the answer is held and the system is "
    "registered as `hold_for_human`",
    Obligation.SHOW_NOTICE: "show the current notice before or while personalising: nothing was "
    "chosen (`default_on`), or the choice was made under an older notice (`notice_outdated`)",
    Obligation.DISCLOSE_PERSONALISED_PRICE: "say that the price was personalised: the purpose "
    "stands behind the type `pricing`, or the surface shows prices",
}
_REGIMES = {
    Regime.NOTICE_ONLY: "on, people are told",
    Regime.OPT_OUT: "on until the person says no",
    Regime.OPT_IN: "off until the person says yes",
    Regime.PROHIBITED: "never",
}


def _list(rows: dict[str, str]) -> str:
    return "".join(f"- `{key}`: {words}\n" for key, words in rows.items())


def render_document() -> str:
    """Return the whole document."""
    closed = ", ".join(f"`{key}`" for key in TYPE_KEYS if key in TYPES_CLOSED_TO_MINORS)
    return f"""# The decision

May this system personalise for this person, now, with which version, and why? This file is made
by `python manage.py render_decision_docs` from the tables the code decides with.

## The truth table

The first reason that applies, from the top, is the reason of the answer.

{render_markdown()}
A **purpose** is decided alone. A **system** is decided by its holds and its serving version first,
then by the strictest outcome (`personalise` < `non_profiled` < `deny`) over the purposes of the
surface named in the context; without a surface, over all purposes and surfaces of the system.
A hold never softens an answer: where the answer without the hold is stricter, its outcome stands,
with the reason `held`.

## The doors

OFREP flags: `purpose.<key>` (boolean; variant `granted` or `denied`), `system.<key>` (boolean, true
only for `personalise`; variant = the version served, `off` when denied, `non_profiled` where no
fallback is registered), `system.<key>.version` (the version to serve, empty when denied). AuthZEN:
subject `user`, action `personalize`, resource `purpose` or `system`; `decision` is true only for
`personalise`. Metadata leaves out what is empty.

Call with the default `false`: a client that cannot reach the door answers with its default.

## Regimes

What holds for who has not chosen, by region; a region is looked up as itself, its country, `EU`
and `*`. A rule is valid from its start until before its end; two rules of one purpose and region
never overlap. An unknown region gets the strictest regime of the purpose. Access to the person's
device and electronic marketing are at least `opt_in`, whatever the lawful basis; so is a purpose
based on consent in the EU, the EEA, the United Kingdom and Switzerland.

{_list({str(key): words for key, words in _REGIMES.items()})}
## Age

The reason `policy` closes {closed} for minors, whatever the registry says. Age rules of a type,
by region and with a time, may close a type to more people: to everybody below a minimum age, and
to people whose age is not known. A band counts as its youngest age, so `minor` as the youngest of
all; an unknown region gets every rule of the type. Callers are not told the age.

## How long a yes lasts

The shortest of the purpose's own time, the maximum age of the region's rule, and what the caller
asked for; it is fixed as the choice is recorded.

## Obligations

{_list({str(key): words for key, words in OBLIGATIONS.items()})}"""
