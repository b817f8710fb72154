"""The pure parts of the editor: schemas as fields and back, and how many people a gap needs."""

from __future__ import annotations

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from audits.web.editor import power
from audits.web.editor.parameters import (
    ListField,
    MapField,
    declared,
    field_of_problem,
    parameters_of,
    typed,
)
from methods import catalogue

GROUPS = parameters_of(catalogue.get("fairness.groups").Parameters.model_json_schema())
KINDS = {
    "set_method": forms.ChoiceField,
    "set_reference": forms.CharField,
    "set_threshold": forms.FloatField,
    "set_above_median": forms.BooleanField,
    "set_metrics": ListField,
    "set_primary__metric": forms.CharField,
    "set_primary__of": MapField,
    "set_min_subjects": forms.IntegerField,
}


def test_every_kind_of_parameter_has_a_field_of_its_kind() -> None:
    fields = {one.name: type(one.field) for one in GROUPS}
    assert {name: fields[name] for name in KINDS} == KINDS
    assert "set_looks" not in fields  # said with the dates


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("fairness.groups", {"method": "to_highest", "metrics": ["selection_rate"]}),
        (
            "fairness.groups",
            {
                "primary": {
                    "metric": "selection_rate_ratio",
                    "of": {"race": "Black", "sex": "female"},
                    "to": {"race": "white", "sex": "male"},
                },
                "above_median": True,
            },
        ),
        ("exposure.popularity", {"top_fraction": 0.05, "catalogue_size": 80}),
        (
            "fairness.experiment",
            {
                "hypothesis": "Fewer repeats, more clicks.",
                "control": "old",
                "planned_subjects": 4000,
                "shares": {"old": 0.5, "new": 0.5},
            },
        ),
        ("fairness.pricing", {"reference": "men", "min_overlap": 0.25}),
    ],
)
def test_parameters_come_back_from_the_form_as_they_went_in(
    method: str, given: dict[str, object]
) -> None:
    found = catalogue.get(method)
    parameters = parameters_of(found.Parameters.model_json_schema())
    written = typed(parameters, given)
    cleaned = {one.name: one.field.clean(written.get(one.name, "")) for one in parameters}
    assert found.parse(declared(parameters, cleaned)) == found.parse(given)
    assert declared(parameters, cleaned) == given


def test_a_map_is_read_from_words_and_nonsense_is_told() -> None:
    field = MapField(required=False)
    assert field.clean("race=Black, sex=female") == {"race": "Black", "sex": "female"}
    assert field.clean("") is None
    with pytest.raises(forms.ValidationError, match="does not read as name=value"):
        field.clean("race: Black")
    with pytest.raises(forms.ValidationError, match="not a number"):
        MapField(numbers=True).clean("old=half")


def test_a_problem_is_told_at_the_field_it_belongs_to() -> None:
    assert field_of_problem(("primary", "of"), GROUPS) == "set_primary__of"
    assert field_of_problem(("primary",), GROUPS) == "set_primary__metric"
    assert field_of_problem(("level",), GROUPS) == "set_level"
    assert field_of_problem(("looks",), GROUPS) is None
    assert field_of_problem((), GROUPS) is None


def test_the_people_of_a_difference_are_those_of_the_book() -> None:
    # 30 % against 20 %, 95 % two-sided, power 0.8: (1.960 + 0.842)^2 (0.21 + 0.16) / 0.01 = 290.4.
    assert power.people_for_difference(0.3, 0.2, 0.95) == 291
    # 60 % against 70 %, power 0.9: (1.960 + 1.282)^2 (0.24 + 0.21) / 0.01 = 472.8.
    assert power.people_for_difference(0.6, 0.7, 0.95, power=0.9) == 473
    # A standardised gap of 0.5 needs 63 a group (64 by the t distribution).
    assert power.people_for_mean(0.5, 1.0, 0.95) == 63


def test_looks_and_comparisons_share_the_error() -> None:
    assert power.member_level(0.95, 1, 1) == pytest.approx(0.95)
    assert power.member_level(0.95, 5, 2) == pytest.approx(0.995)
    few = power.sight_of_ratio(0.3, 0.8, 1_000, 0.95).needed
    many = power.sight_of_ratio(0.3, 0.8, 1_000, power.member_level(0.95, 10, 7)).needed
    assert few is not None and many is not None
    assert few < many


@given(
    share=st.floats(0.05, 0.95),
    people=st.integers(200, 100_000),
    level=st.sampled_from([0.9, 0.95, 0.99]),
)
def test_the_smallest_gap_that_shows_is_the_one_its_people_suffice_for(
    share: float, people: int, level: float
) -> None:
    ratio = power.sight_of_ratio(share, 0.8, people, level).smallest
    if ratio is not None:
        assert power.people_for_ratio(share, share * ratio, level) <= people
        nearer = 1 - 0.98 * (1 - ratio)
        assert power.people_for_ratio(share, share * nearer, level) >= people
    gap = power.sight_of_difference(share, 0.1, people, level).smallest
    if gap is not None:
        assert power.people_for_difference(share, share - gap, level) <= people


def test_a_limit_at_equality_needs_no_number() -> None:
    assert power.sight_of_ratio(0.3, 1.0, 500, 0.95).needed is None
    assert power.sight_of_difference(0.3, 0.0, 500, 0.95).needed is None
    assert power.sight_of_difference(0.001, 0.0005, 3, 0.95).smallest is None
