"""The registry: which methods there are and where each lives. Loading one is lazy."""

from functools import cache
from importlib import import_module

from methods.errors import BadInput
from methods.kinds import Method

_METHODS: dict[str, str] = {
    "consent.coverage": "methods.consent.coverage:Coverage",
    "exposure.popularity": "methods.exposure.popularity:Popularity",
    "fairness.calibration": "methods.fairness.calibration:Calibration",
    "fairness.experiment": "methods.fairness.experiment:Experiment",
    "fairness.groups": "methods.fairness.groups:GroupFairness",
    "fairness.pricing": "methods.fairness.pricing:Pricing",
    "fairness.slices": "methods.fairness.slices:Slices",
}


def keys() -> tuple[str, ...]:
    """Return the keys of all methods."""
    return tuple(sorted(_METHODS))


@cache
def get(key: str) -> Method:
    """Return a method, or say which there are."""
    if key not in _METHODS:
        raise BadInput(f"There is no method {key!r}: there are {', '.join(keys())}.")
    module, _, name = _METHODS[key].partition(":")
    method: Method = getattr(import_module(module), name)()
    return method
