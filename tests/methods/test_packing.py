"""What a packed cube promises: the same cube again to the bit, and nothing else from outside."""

import json
import math
import pickle
import zlib
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from methods import catalogue, packing
from methods.errors import BadInput
from methods.kinds import CubeMethod
from methods.report import Limit
from methods.run import collect_cube, report_on, run_audit
from tests.methods.conftest import as_table

# Of every method: roles, parameters, and limits to judge by.
CASES: dict[str, tuple[dict[str, list[str]], dict[str, Any], list[str]]] = {
    "fairness.groups": (
        {"group": ["g", "h"], "y_pred": ["p"], "y_true": ["y"], "subject": ["who"]},
        {},
        ["demographic_parity_ratio>=0.8"],
    ),
    "fairness.calibration": (
        {"group": ["g"], "score": ["s"], "y_true": ["y"], "subject": ["who"]},
        {"bins": 100},
        ["auc_difference<=0.1"],
    ),
    "fairness.pricing": (
        {"group": ["g"], "price": ["money"], "stratum": ["h"], "subject": ["who"]},
        {},
        ["conditional_price_ratio<=1.1"],
    ),
    "fairness.experiment": (
        {"variant": ["g"], "subject": ["own"], "price": ["money"], "stratum": ["h"]},
        {
            "hypothesis": "The price changes what is paid.",
            "control": "a",
            "planned_subjects": 20,
            "primary": "price",
        },
        ["effect_ratio>=0.9"],
    ),
    "fairness.slices": (
        {"scenario": ["g"], "task": ["h"], "subject": ["who"], "y_true": ["y"], "score": ["s"]},
        {"min_lists": 2},
        ["qauc>=0.4"],
    ),
    "consent.coverage": (
        {"y_pred": ["p"], "text": ["h"], "subject": ["who"], "scenario": ["g"]},
        {"allowing": "x\x1fy"},
        ["unchecked_share<=0.5"],
    ),
    "exposure.popularity": (
        {"item": ["h"], "subject": ["who"], "provider": ["h"], "weight": ["w"]},
        {"n_boot": 200},
        ["top_share<=0.9"],
    ),
}


def rows(seed: int, size: int = 200) -> pd.DataFrame:
    """A log with every kind of column, names that need care among them."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "g": generator.choice(["a", "b"], size),
            "h": generator.choice(["ä, b", "x\x1fy", "(missing)"], size),
            "p": generator.integers(0, 2, size),
            "y": generator.integers(0, 2, size),
            "s": generator.random(size),
            "who": generator.integers(0, 40, size),
            "own": np.arange(size),
            "money": generator.random(size) * 1e3 + 1 / 3,
            "w": generator.random(size) + 0.1,
        }
    )


def same(first: Any, second: Any) -> bool:
    """Whether two cubes are equal to the bit, in types as well."""
    if type(first) is not type(second):
        return False
    if isinstance(first, np.ndarray):
        return bool(first.dtype == second.dtype and np.array_equal(first, second, equal_nan=True))
    if is_dataclass(first):
        return all(same(getattr(first, f.name), getattr(second, f.name)) for f in fields(first))
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[key], second[key]) for key in first)
    if isinstance(first, (tuple, list)):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second)


def alike(first: Any, second: Any) -> bool:
    """Whether two reports are equal but for the order in which the engine added its numbers up."""
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(first, dict) and isinstance(second, dict):
        return list(first) == list(second) and all(alike(first[key], second[key]) for key in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(alike, first, second))
    return bool(first == second)


def test_every_method_that_collects_has_a_case_here() -> None:
    known = map(catalogue.get, catalogue.keys())
    assert sorted(CASES) == sorted(one.key for one in known if isinstance(one, CubeMethod))


@pytest.mark.parametrize("key", CASES)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32 - 1))
def test_a_cube_comes_back_as_it_was(key: str, seed: int) -> None:
    columns, parameters, _ = CASES[key]
    method = catalogue.get(key)
    assert isinstance(method, CubeMethod)
    cube = collect_cube(key, as_table(rows(seed)), columns, parameters)
    data = method.pack(cube)
    again = method.unpack(data)
    assert same(cube, again)
    assert method.pack(again) == data
    assert cube.cell_count > 0 and cube.subject_count > 0


@pytest.mark.parametrize("key", CASES)
def test_a_report_on_the_stored_cube_is_the_report_on_the_data(key: str) -> None:
    columns, parameters, texts = CASES[key]
    method = catalogue.get(key)
    assert isinstance(method, CubeMethod)
    table, limits = as_table(rows(7)), [Limit.parse(text) for text in texts]

    def report(cube: Any) -> dict[str, Any]:
        return report_on(
            key, cube, columns=columns, parameters=parameters, limits=limits, seed=3
        ).to_dict()

    cube = collect_cube(key, table, columns, parameters)
    reports = [
        run_audit(key, table, columns, parameters, limits, 3).to_dict(),
        report(cube),
        report(method.unpack(method.pack(cube))),
    ]
    for once in reports:
        for name in ("engine", "created_at"):
            once.pop(name)
    whole, collected, stored = reports
    assert whole["verdict"] is not None
    assert stored == collected
    assert alike(stored, whole)


def packed(key: str = "fairness.groups") -> tuple[Any, bytes]:
    columns, parameters, _ = CASES[key]
    method: Any = catalogue.get(key)
    return method, method.pack(collect_cube(key, as_table(rows(1)), columns, parameters))


def rebuilt(data: bytes, change: Any) -> bytes:
    """Return packed bytes whose JSON head was changed."""
    start = packing.LAYOUT.encode() + b"\n"
    raw = zlib.decompress(data[len(start) :])
    size = int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8 : 8 + size])
    change(head)
    text = json.dumps(head).encode()
    return start + zlib.compress(len(text).to_bytes(8, "little") + text + raw[8 + size :])


def test_bytes_that_are_no_cube_are_refused_in_a_sentence() -> None:
    method, data = packed()
    for wrong in (
        b"",
        b"hello",
        pickle.dumps({"a": 1}),
        data[:-20],
        data[:40] + b"\0\0\0\0" + data[44:],
        packing.LAYOUT.encode() + b"\n" + zlib.compress(b"\xff" * 100),
    ):
        with pytest.raises(BadInput):
            method.unpack(wrong)


def test_a_cube_of_another_method_is_refused() -> None:
    method, _ = packed()
    _, other = packed("exposure.popularity")
    with pytest.raises(BadInput, match=r"exposure\.popularity"):
        method.unpack(other)
    assert packing.format_of(other) == "exposure.popularity/1"
    assert packing.format_of(b"PAR1") is None


def test_a_cube_that_claims_more_than_its_bytes_is_refused_without_making_room() -> None:
    method, data = packed()

    def boast(head: dict[str, Any]) -> None:
        head["arrays"][0][1] = [10**12, 4]

    with pytest.raises(BadInput, match="longer than its bytes"):
        method.unpack(rebuilt(data, boast))
    bomb = packing.LAYOUT.encode() + b"\n" + zlib.compress(b"\0" * (packing.MAX_BYTES + 1), 1)
    with pytest.raises(BadInput, match="MB"):
        method.unpack(bomb)


def test_a_cube_whose_numbers_cannot_be_sums_is_refused() -> None:
    method, data = packed()
    cube = method.unpack(data)
    for name, value in (("counts", -1.0), ("counts", np.nan), ("counts", 10.0), ("powers", np.inf)):
        margins = dict(cube.margins)
        margin = margins["g",]
        array = np.array(getattr(margin, name))
        array.flat[0] += value * 100
        margins["g",] = type(margin)(**{**vars_of(margin), name: array})
        broken = type(cube)(**{**vars_of(cube), "margins": margins})
        with pytest.raises(BadInput, match="The cube cannot be right"):
            method.unpack(method.pack(broken))

    def lose(head: dict[str, Any]) -> None:
        head["tree"][2] = head["tree"][2][1:]

    with pytest.raises(BadInput, match="margins"):
        method.unpack(rebuilt(data, lose))


def vars_of(part: Any) -> dict[str, Any]:
    return {f.name: getattr(part, f.name) for f in fields(part)}
