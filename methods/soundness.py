"""Checks of a cube that came from outside: shapes that fit, numbers that can be sums.

Each cube says with these what it expects of itself. What its numbers mean is not here.
"""

import numpy as np
from numpy.typing import NDArray

from methods.errors import BadInput

Array = NDArray[np.float64]


def require(held: bool, what: str) -> None:
    """Refuse the cube unless something about it holds."""
    if not held:
        raise BadInput(f"The cube cannot be right: {what}.")


def shaped(array: Array, shape: tuple[int, ...], name: str) -> None:
    """Refuse an array of another shape, or with a number that is not finite."""
    require(array.shape == shape, f"{name} has the shape {array.shape}, not {shape}")
    require(bool(np.isfinite(array).all()), f"{name} holds a number that is not finite")


def counted(array: Array, shape: tuple[int, ...], name: str) -> None:
    """Refuse an array of another shape, or with a negative or unusable number."""
    shaped(array, shape, name)
    require(bool((array >= 0).all()), f"{name} holds a negative number")


def distinct(names: tuple[object, ...], what: str) -> None:
    """Refuse a name that stands twice."""
    require(len(set(names)) == len(names), f"{what} stand in it twice")
