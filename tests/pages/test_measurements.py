"""The list of measurements: judged first, filters in the URL, a page at a time, none lost."""

from __future__ import annotations

from typing import Any

from audits.web.measurements import NOT_JUDGED, PAGE, grouping, listed

LIMIT = {"op": ">=", "value": 0.8, "severity": "fail"}


def measured(metric: str, verdict: str | None = None, **groups: str) -> dict[str, Any]:
    return {
        "metric": metric,
        "slice": groups,
        "by": sorted(groups),
        "comparison": None,
        "note": "",
        "threshold": LIMIT if verdict else None,
        "verdict": verdict,
    }


MANY = [measured("accuracy", race=f"group {number}") for number in range(120)]
MANY += [measured("selection_rate_ratio", "pass", sex="female")]
MANY += [measured("selection_rate_ratio", "fail", sex="male", race="Black")]


def rows(**asked: str) -> list[dict[str, Any]]:
    return list(listed(MANY, asked)["page"])


def test_what_was_judged_comes_first_and_the_worst_of_it_before_the_rest() -> None:
    shown = rows()
    assert [one["verdict"] for one in shown[:3]] == ["fail", "pass", None]
    assert len(shown) == PAGE


def test_every_measurement_is_on_one_page_and_one_only() -> None:
    pages = [rows(page=str(number)) for number in (1, 2, 3)]
    assert sum(map(len, pages)) == len(MANY)
    assert len({id(one) for page in pages for one in page}) == len(MANY)


def test_filters_narrow_by_metric_group_and_verdict_and_words() -> None:
    assert len(rows(metric="selection_rate_ratio")) == 2
    assert [one["verdict"] for one in rows(group="race and sex")] == ["fail"]
    assert {one["metric"] for one in rows(verdict=NOT_JUDGED)} == {"accuracy"}
    assert [one["slice"] for one in rows(q="accuracy 119")] == [{"race": "group 119"}]
    assert rows(q="nothing of the kind") == []


def test_a_page_that_is_none_shows_a_page() -> None:
    assert rows(page="nonsense") == rows()
    assert len(rows(page="99")) == len(MANY) - 2 * PAGE


def test_a_comparison_tells_apart_by_the_columns_of_its_sides() -> None:
    sides = {"of": {"sex": "female"}, "to": {"sex": "male"}, "kind": "ratio"}
    assert grouping({**measured("ratio"), "by": [], "comparison": sides}) == "sex"
    assert grouping(measured("accuracy")) == "everyone"
