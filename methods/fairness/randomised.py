"""Labels flipped on the person's side: the true counts estimated from the randomised ones.

Each label was kept with probability e^epsilon / (1 + e^epsilon) and flipped otherwise before it
left the person (randomised response). The noise is known, so rates are unbiased again and
their intervals wide enough; who was flipped stays unknown. Nothing is collected here.

Source: S. L. Warner, JASA 60 (1965) 63-69; J. C. Duchi, M. I. Jordan, M. J. Wainwright,
JASA 113 (2018) 182-201 (local differential privacy).
"""

import math
from collections.abc import Mapping

import numpy as np

from methods.errors import BadInput
from methods.fairness.cube import Array, GroupCube, Margin, margins_of
from methods.fairness.rates import DENOMINATORS, OUTCOMES

# Of each outcome in OUTCOMES: whether the label was positive, and whether it was selected.
_LABELS = {"tp": (1, 1), "fp": (0, 1), "fn": (1, 0), "tn": (0, 0)}
_PLACE = {"y_true": 0, "y_pred": 1}


def corrected(cube: GroupCube, epsilon: Mapping[str, float]) -> GroupCube:
    """Return the cube as an unbiased estimate of what it was before the labels were flipped.

    Parameters
    ----------
    cube : counts of rows whose labels were randomised
    epsilon : role -> epsilon its label was flipped with; only y_true and y_pred can be

    Raises
    ------
    BadInput : when the noise cannot be taken out of this cube
    """
    unknown = sorted(set(epsilon) - set(_PLACE))
    if unknown or not epsilon:
        raise BadInput(f"Only y_true and y_pred can be randomised labels, not {unknown}.")
    if not cube.exact:
        raise BadInput(
            "Randomised labels are counted one row a person: with weights, or several rows of "
            "one person, the noise cannot be taken out."
        )
    if "y_true" in epsilon and not cube.has_truth:
        raise BadInput("The label y_true was randomised, and no column plays that role.")
    inverse = np.linalg.inv(response(epsilon))
    finest, forms = cube.finest, np.array(list(DENOMINATORS.values()), dtype=np.float64)
    estimated = np.clip(finest.counts @ inverse.T, 0.0, None)
    # Clipping must not move people between groups: how many rows a group has is known.
    estimated *= (finest.counts.sum(axis=1) / estimated.sum(axis=1))[:, None]
    # Of each row its unbiased share in every outcome, and the cross products of these.
    moments = np.einsum("ij,kj,lj->kil", inverse, finest.counts, inverse)
    units = estimated @ forms.T
    powers = np.repeat(units[:, :, None], finest.powers.shape[2], axis=2)
    made = Margin(finest.by, finest.keys, estimated, moments, units, powers)
    return GroupCube(
        cube.groups,
        cube.controls,
        margins_of(made, cube.groups, cube.controls),
        cube.unit,
        True,  # not counts any more: intervals come from the cross products
        cube.has_truth,
        cube.rows,
    )


def response(epsilon: Mapping[str, float]) -> Array:
    """Return P(outcome reported | outcome true), (reported, true) over OUTCOMES."""
    found = np.ones((len(OUTCOMES), len(OUTCOMES)))
    for role, place in _PLACE.items():
        keep = 1 / (1 + math.exp(-epsilon[role])) if role in epsilon else 1.0
        for i, reported in enumerate(OUTCOMES):
            for j, true in enumerate(OUTCOMES):
                same = _LABELS[reported][place] == _LABELS[true][place]
                found[i, j] *= keep if same else 1 - keep
    return found


def note(epsilon: Mapping[str, float]) -> str:
    """Say what was done, for the report's limits."""
    told = " and ".join(f"{role} (epsilon {value:g})" for role, value in sorted(epsilon.items()))
    return (
        f"Labels were flipped at random on the person's side: {told}. Rates are estimates with "
        "that noise taken out, and their intervals hold it; the numbers of people in a label are "
        "estimates too."
    )
