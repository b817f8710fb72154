"""Reports: limits read from text, verdicts add up, JSON carries everything and no NaN."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from methods import catalogue
from methods.errors import BadInput
from methods.kinds import ROLES
from methods.report import (
    Comparison,
    Limit,
    Measurement,
    Missing,
    Report,
    Threshold,
    combine,
    exit_code,
)
from methods.sentences import verdict_sentence

KEYS = catalogue.keys()
ROW = Measurement(
    "selection_rate_ratio", "fairness.selection_rate_ratio/1", ("sex",), {},
    Comparison("ratio", "between_groups", {"sex": "Women"}, {"sex": "men"}),
    0.85, 0.77, 0.95, 0.95, "log_ratio", 1792, "subjects",
    Threshold(">=", 0.80), "inconclusive", Missing(917),
)  # fmt: skip
REPORT = Report(
    "fairness.groups", "1", "Fairness", "inconclusive", (ROW,), {"rows": 1}, {}, 0, "duckdb", "now"
)


def test_a_limit_is_read_from_text() -> None:
    assert Limit.parse("a_b >= 0.8") == Limit("a_b", ">=", 0.8)
    assert Limit.parse("top_share<=.3", "warn") == Limit("top_share", "<=", 0.3, "warn")


@pytest.mark.parametrize("text", ["a>0.8", "a==1", "a>=x", "a>=nan", ">=1", "a>=", "a>=inf", ""])
def test_a_limit_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Limit.parse(text)


def test_a_report_survives_json() -> None:
    plain = json.loads(json.dumps(REPORT.to_dict(), allow_nan=False))
    assert Report.from_dict(plain) == REPORT


def test_the_fields_are_those_of_the_contract() -> None:
    assert list(REPORT.to_dict()) == [
        "method",
        "version",
        "title",
        "verdict",
        "measurements",
        "tables",
        "charts",
        "limits",
        "inputs",
        "parameters",
        "seed",
        "engine",
        "created_at",
    ]
    assert list(ROW.to_dict()) == [
        "metric",
        "definition",
        "by",
        "slice",
        "comparison",
        "value",
        "low",
        "high",
        "level",
        "interval",
        "n",
        "unit",
        "threshold",
        "verdict",
        "missing",
        "note",
    ]


def test_what_is_not_a_number_becomes_null() -> None:
    row = replace(ROW, value=math.nan, high=math.inf)
    report = replace(REPORT, measurements=(row,), tables=({"rows": [[math.nan, (1, math.inf)]]},))
    plain = report.to_dict()
    assert plain["measurements"][0]["value"] is None and plain["measurements"][0]["high"] is None
    assert plain["tables"] == [{"rows": [[None, [1, None]]]}]


@pytest.mark.parametrize(
    ("verdicts", "whole", "code"),
    [
        (["pass", "fail", "inconclusive"], "fail", 1),
        (["pass", "inconclusive"], "inconclusive", 3),
        (["pass", "not_applicable"], "inconclusive", 3),
        (["pass", "pass"], "pass", 0),
        ([], None, 0),
    ],
)
def test_the_worst_verdict_stands(verdicts: list[Any], whole: str | None, code: int) -> None:
    rows = tuple(replace(ROW, verdict=verdict) for verdict in verdicts)
    assert combine(rows) == whole
    assert exit_code(replace(REPORT, verdict=combine(rows))) == code


def test_a_warning_limit_never_decides() -> None:
    warned = replace(ROW, verdict="fail", threshold=Threshold(">=", 0.9, "warn"))
    passed = replace(ROW, verdict="pass")
    assert combine((warned, passed)) == "pass"
    assert replace(REPORT, measurements=(warned, passed)).warnings() == (warned,)


def test_a_verdict_reads_as_a_sentence() -> None:
    assert verdict_sentence(ROW, "people") == (
        "Women are selected 0.85 times as often as men (95 % interval 0.77 to 0.95, n = 1,792 "
        "people); the limit is 0.80: inconclusive, about 920 more people would decide it."
    )
    days = REPORT.with_units_per_day(300).measurements[0]
    assert days.missing == Missing(917, 4)
    assert "would decide it (4 days)." in verdict_sentence(days)


def test_nothing_known_reads_as_a_sentence_too() -> None:
    row = replace(ROW, value=None, verdict="not_applicable", note="needs the role y_true")
    assert verdict_sentence(row) == (
        "The selection rate ratio could not be measured here (needs the role y_true); "
        "the limit is 0.80: not applicable."
    )


def test_every_method_speaks_the_one_vocabulary_of_roles() -> None:
    for key in KEYS:
        method = catalogue.get(key)
        assert method.key == key and set(method.roles.names()) <= set(ROLES)
        schema = method.Parameters.model_json_schema()
        assert all("description" in part for part in schema["properties"].values())


@pytest.mark.parametrize("key", KEYS)
def test_every_method_finds_its_known_answers(key: str) -> None:
    answers = catalogue.get(key).known_answers()
    assert len(answers) >= 5
    for answer in answers:
        assert answer.compute() == pytest.approx(answer.expected, abs=answer.tolerance), answer.name
