"""Delivery of advertisements: do groups that were eligible see an advertisement equally often?"""

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

_FROM_META = Citation(
    "Reckoned from the Meta settlement's 10 %: of two groups eligible alike, shares of the "
    "audience of 40 and 60 instead of 50 and 50 are delivery rates of 2 to 3, a ratio of 0.667. "
    + laws.META_SOURCE.title,
    laws.META_SOURCE.address,
)

ADS_DELIVERY = Preset(
    key="ads_delivery",
    title="Delivery of advertisements",
    question="Do groups that were eligible alike see the advertisement alike?",
    for_whom="Advertisements of housing, jobs, credit and other opportunities.",
    method="fairness.groups",
    kinds=("impressions", "decisions"),
    roles=(
        PresetRole(
            "y_pred",
            "y_pred",
            "1 when an eligible person was shown the advertisement, else 0: people who were "
            "eligible and not reached must be rows too.",
        ),
        PresetRole("group", "group", "The attribute that forms the groups, such as sex or age."),
        PresetRole("subject", "subject", "The person: count people reached, not impressions."),
        PresetRole(
            "control",
            "campaign",
            "The campaign, so that each is compared with itself; a mix of campaigns may hide or "
            "make a gap.",
            needed=False,
        ),
    ),
    parameters={"method": "between_groups"},
    limits=(
        PresetLimit(
            "selection_rate_ratio",
            ">=",
            0.8,
            "warn",
            "No group is reached less than four fifths as often as another.",
            Citation(
                "Borrowed from hiring, where it is a rule of thumb; no law sets it for "
                "advertisements. " + laws.FOUR_FIFTHS_SOURCE.title,
                laws.FOUR_FIFTHS_SOURCE.address,
            ),
        ),
        PresetLimit(
            "selection_rate_ratio",
            ">=",
            0.667,
            "fail",
            "No group is reached less than two thirds as often as another.",
            _FROM_META,
        ),
        PresetLimit(
            "selection_rate_difference",
            "<=",
            0.1,
            "warn",
            "Delivery rates differ by at most ten points.",
            house(
                "it matters where most eligible people are reached; at delivery rates of a few "
                "per cent the ratio is the limit that can fire"
            ),
        ),
    ),
    schedule=PresetSchedule(
        length=timedelta(days=7),
        every=timedelta(days=7),
        lateness=timedelta(hours=24),
        label_maturity=timedelta(0),
        why="Campaigns are delivered unevenly over the days of a week: a window holds a whole one.",
    ),
    evidence=SMALL_NUMBERS,
    reach=(laws.DSA_26, laws.DSA_28, laws.FAIR_HOUSING, laws.FOUR_FIFTHS, laws.GDPR_22),
    does_not_show=(
        "Who was made eligible: targeting that leaves a group out is not seen here.",
        "Why delivery differs: budgets, bids and people's own use of the service differ too.",
        "Levelling down: fewer people of every group reached passes.",
    ),
)
