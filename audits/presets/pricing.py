"""Prices: do groups pay the same at equal legitimate reasons?"""

from __future__ import annotations

from datetime import timedelta

from audits.presets import laws
from audits.presets.preset import (
    SMALL_NUMBERS,
    Citation,
    Preset,
    PresetLimit,
    PresetRole,
    PresetSchedule,
    house,
)

_COHEN = Citation(
    "J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition, 1988: a "
    "standardised difference of 0.2 is called small; a convention of research, not a norm of "
    "fairness",
    read=False,
)

PRICING = Preset(
    key="pricing",
    title="Prices",
    question="Do groups pay the same where the declared reasons are the same?",
    for_whom="Personalised and dynamic prices, fees, discounts, premiums.",
    method="fairness.pricing",
    kinds=("prices",),
    roles=(
        PresetRole("price", "price", "What was asked or paid, in one currency."),
        PresetRole("group", "group", "The attribute that forms the groups."),
        PresetRole(
            "stratum",
            "stratum",
            "Legitimate reasons declared beforehand, as categories: product, region of delivery, "
            "risk class. A reason that stands for the group hides the gap.",
            needed=False,
        ),
        PresetRole("subject", "subject", "The person, so that intervals count people."),
    ),
    limits=(
        PresetLimit(
            "conditional_price_ratio",
            "<=",
            1.02,
            "warn",
            "At equal reasons the dearest group pays at most 2 % more than another.",
            house("a first sign; set it to what the business can explain line by line"),
        ),
        PresetLimit(
            "conditional_price_ratio",
            "<=",
            1.05,
            "fail",
            "At equal reasons at most 5 % more.",
            house("no norm names a tolerated gap; for sex in insurance none is tolerated at all"),
        ),
        PresetLimit(
            "standardised_price_gap",
            "<=",
            0.2,
            "warn",
            "The gap is small beside the spread of prices.",
            _COHEN,
        ),
    ),
    schedule=PresetSchedule(
        length=timedelta(days=7),
        every=timedelta(days=7),
        lateness=timedelta(hours=24),
        label_maturity=timedelta(0),
        why="Prices follow the days of the week; a window holds a whole one.",
    ),
    evidence=SMALL_NUMBERS,
    reach=(laws.EQUAL_SERVICES, laws.UNISEX, laws.PERSONAL_PRICES, laws.AI_ACT_ANNEX, laws.ECOA),
    does_not_show=(
        "People who were never made an offer, or left at the price.",
        "What a price means to those who can afford less.",
        "Whether a declared stratum is a legitimate reason: that is a judgement of people.",
    ),
)
