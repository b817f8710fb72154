"""Recommendations: is what people see spread over the catalogue, or over a few items?"""

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

_POPULARITY = Citation(
    "H. Abdollahpouri, M. Mansoury, R. Burke, B. Mobasher, The Unfairness of Popularity Bias in "
    "Recommendation, 2019",
    "https://arxiv.org/abs/1907.13286",
    read=False,
)

RECOMMENDATIONS = Preset(
    key="recommendations",
    title="Recommendations",
    question="Is what people see spread over the items, or do a few take nearly all of it?",
    for_whom="Product suggestions, feeds, carousels.",
    method="exposure.popularity",
    kinds=("impressions",),
    roles=(
        PresetRole("item", "item", "What was shown, one row an impression."),
        PresetRole(
            "subject",
            "subject",
            "To whom: rows of one person are not independent, and intervals that take them so are "
            "too narrow.",
        ),
        PresetRole("provider", "provider", "Whose item it is, where that is known.", needed=False),
    ),
    parameters={"top_fraction": 0.1},
    limits=(
        PresetLimit(
            "top_share",
            "<=",
            0.5,
            "warn",
            "The most shown tenth of the items takes at most half of what is shown.",
            house(
                "shown evenly, the tenth has 0.10; half is five times that. Set it below what the "
                "system does today, so that it can fire"
            ),
        ),
        PresetLimit(
            "top_share",
            "<=",
            0.8,
            "fail",
            "The most shown tenth takes at most four fifths.",
            house(
                "beyond it nine tenths of the items share a fifth of what is shown; studies of "
                "popularity bias describe such catalogues and set no limit: " + str(_POPULARITY)
            ),
        ),
        PresetLimit(
            "coverage",
            ">=",
            0.2,
            "warn",
            "At least a fifth of the catalogue is shown at all in a window.",
            house(
                "it depends on catalogue and traffic: with fewer impressions than items it can "
                "never be met. Give the catalogue's size, else only items seen are counted"
            ),
        ),
    ),
    schedule=PresetSchedule(
        length=timedelta(days=1),
        every=timedelta(days=1),
        lateness=timedelta(hours=6),
        label_maturity=timedelta(0),
        why="Exposure needs no label, so that a day can be judged as soon as its rows are in.",
    ),
    evidence=SMALL_NUMBERS,
    reach=(laws.DSA_27, laws.DSA_38, laws.AI_ACT_ANNEX),
    does_not_show=(
        "Whether people would have liked the items that were not shown.",
        "Who is shown what: an even spread over items can hide uneven treatment of people.",
        "Positions: an impression at the top of a page counts as one at the bottom.",
    ),
)
