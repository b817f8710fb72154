"""Rankings: are scores as good, and as true, for every group?"""

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

_PAIRS = Citation(
    "the AUC is the share of pairs ranked rightly, J. A. Hanley, B. J. McNeil, Radiology 143 "
    "(1982) 29-36; pairwise fairness of rankings, A. Beutel et al., 2019",
    "https://arxiv.org/abs/1903.00780",
    read=False,
)

RANKING = Preset(
    key="ranking",
    title="Ranking",
    question="Does the ranking put what is right first equally well for every group?",
    for_whom="Search results, lists of candidates or offers, content ranking.",
    method="fairness.calibration",
    kinds=("ranking", "scores"),
    roles=(
        PresetRole("score", "score", "The score that orders the list, a probability from 0 to 1."),
        PresetRole("y_true", "y_true", "What was right in the end, such as a click or a hire."),
        PresetRole("group", "group", "The attribute of the people the list is made for."),
        PresetRole("subject", "subject", "The person, so that intervals count people."),
    ),
    limits=(
        PresetLimit(
            "auc_difference",
            "<=",
            0.02,
            "warn",
            "Of two rows, the right one is put first as often in every group, up to two points.",
            house("an early sign, well above what binning moves; " + str(_PAIRS)),
        ),
        PresetLimit(
            "auc_difference",
            "<=",
            0.05,
            "fail",
            "Up to five points.",
            house("one pair in twenty ranked worse for a group than for another; " + str(_PAIRS)),
        ),
        PresetLimit(
            "calibration_gap_difference",
            "<=",
            0.05,
            "warn",
            "A score means the same chance in every group, up to five points.",
            house("groups that share a list are compared by their scores as they stand"),
        ),
    ),
    schedule=PresetSchedule(
        length=timedelta(days=7),
        every=timedelta(days=7),
        lateness=timedelta(hours=24),
        label_maturity=timedelta(days=7),
        why="What was right is known later: a week is waited for clicks, watches and answers.",
    ),
    evidence=SMALL_NUMBERS,
    reach=(laws.DSA_27, laws.DSA_38, laws.P2B, laws.AI_ACT_DATA, laws.GDPR_22),
    does_not_show=(
        "Positions and attention: a list can be ranked equally well and still be seen unequally.",
        "The makers of what is ranked: exposure of providers is another audit.",
        "What was never shown has no label; the method sees shown rows alone.",
        "Error rates: groups with different base rates cannot have equal ones and calibration too.",
    ),
)
