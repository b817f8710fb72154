"""Eligibility: are people of every group selected, and refused, equally often?"""

from __future__ import annotations

from datetime import timedelta

from audits.presets import laws
from audits.presets.preset import (
    SMALL_NUMBERS,
    Preset,
    PresetLimit,
    PresetRole,
    PresetSchedule,
    house,
)

ELIGIBILITY = Preset(
    key="eligibility",
    title="Eligibility decisions",
    question="Are people of every group selected, and refused, equally often?",
    for_whom="Credit, hiring, access to offers and benefits.",
    method="fairness.groups",
    kinds=("decisions", "scores"),
    roles=(
        PresetRole("y_pred", "y_pred", "The decision: 1 selected, 0 refused."),
        PresetRole("group", "group", "The attribute that forms the groups; several are crossed."),
        PresetRole("subject", "subject", "The person, so that intervals count people."),
        PresetRole(
            "y_true",
            "y_true",
            "What was right in the end, where it can be known and trusted: known only for those "
            "selected it is biased.",
            needed=False,
        ),
        PresetRole(
            "control",
            "control",
            "Strata within which groups are compared, such as the post applied for.",
            needed=False,
        ),
    ),
    parameters={"method": "to_highest"},
    limits=(
        PresetLimit(
            "selection_rate_ratio",
            ">=",
            0.9,
            "warn",
            "No group is selected less than nine tenths as often as the most selected one.",
            house("halfway from equality to the rule of thumb below"),
        ),
        PresetLimit(
            "selection_rate_ratio",
            ">=",
            0.8,
            "fail",
            "No group is selected less than four fifths as often as the most selected one.",
            laws.FOUR_FIFTHS_SOURCE,
        ),
        PresetLimit(
            "refusal_rate_ratio",
            ">=",
            0.8,
            "warn",
            "Refusals, too, lie within four fifths of the most refused group's.",
            house(
                "where nearly all are selected, selection rates hide who is refused; the value "
                "mirrors the four fifths"
            ),
        ),
    ),
    schedule=PresetSchedule(
        length=timedelta(days=28),
        every=timedelta(days=28),
        lateness=timedelta(days=1),
        label_maturity=timedelta(0),
        why="Decisions are fewer than impressions: four weeks gather people enough to judge.",
    ),
    evidence=SMALL_NUMBERS,
    reach=(
        laws.FOUR_FIFTHS,
        laws.LL144,
        laws.ECOA,
        laws.AI_ACT_ANNEX,
        laws.AI_ACT_DATA,
        laws.GDPR_22,
    ),
    does_not_show=(
        "Who did not apply, or was kept from applying.",
        "Whether a difference is justified: equal rates are not equal treatment, nor the reverse.",
        "Errors: without a label that can be trusted nobody knows who was refused wrongly.",
    ),
)
