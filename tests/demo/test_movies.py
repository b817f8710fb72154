"""The opt-in recommender: terms before anything else, the published numbers, verdicts by runs.

What needs MovieLens itself runs where its terms are accepted: `make test ACCEPT_TERMS=1`.
"""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.demo import movielens, movies
from config.demo.data import fetch_wheels
from config.demo.movielens import Factorisation, Rating, Split, Viewer
from config.management.commands.load_demo_people import REQUIREMENTS

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.environ.get("ACCEPT_TERMS") != "1":
        pytest.skip("MovieLens has terms of its own; ACCEPT_TERMS=1 accepts them")
    folder = tmp_path_factory.mktemp("movielens")
    wanted = frozenset({"recbole"})
    return fetch_wheels(folder, requirements=REQUIREMENTS, wanted=wanted)["recbole"]


@pytest.fixture(scope="session")
def split(wheel: Path) -> Split:
    return movielens.split_by_time(movielens.ratings(wheel))


@pytest.fixture(scope="session")
def lists(split: Split) -> dict[int, list[int]]:
    return Factorisation(split.seen).top_lists()


def refuse(monkeypatch: pytest.MonkeyPatch, typed: str) -> tuple[str, str]:
    """Run the command, type this; return what it showed and the sentence it ended with."""
    shown = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(CommandError) as ended:
        call_command("load_demo_people", stdout=shown)
    assert ended.value.returncode == 1
    return shown.getvalue(), str(ended.value)


@pytest.mark.parametrize("typed", ["no\n", "\n", "y\n", "YES\n", ""])
def test_whoever_does_not_type_yes_downloads_nothing(
    typed: str, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.DEMO, settings.DATA_DIR = True, tmp_path
    _, sentence = refuse(monkeypatch, typed)
    assert sentence == "The terms were not accepted, so nothing was downloaded."
    assert list(tmp_path.iterdir()) == []


def test_the_terms_are_shown_before_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.DEMO, settings.DATA_DIR = True, tmp_path
    shown, _ = refuse(monkeypatch, "no\n")
    terms, question = shown.split("Type yes")
    assert "accept" in question
    for term in ("research", "revenue-bearing", "redistribution", "Harper and J. A. Konstan"):
        assert term in terms


def test_only_a_demo_takes_the_movies(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, sentence = refuse(monkeypatch, "yes\n")
    assert shown == ""
    assert "DEMO=1" in sentence


def test_the_download_is_pinned_by_hash() -> None:
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "recbole==1.2.1 \\"
    assert lines[1].strip().startswith("--hash=sha256:")


def test_a_split_keeps_the_earlier_ratings_and_counts_what_was_liked_later() -> None:
    given = [Rating(1, film, stars, at) for film, stars, at in ((5, 5, 50), (1, 2, 10), (2, 1, 20))]
    given += [Rating(1, 3, 5.0, 30), Rating(1, 4, 4.0, 40)]
    assert movielens.split_by_time(given) == Split({1: [1, 2, 3, 4]}, {1: frozenset({5})})


def test_a_hit_is_counted_for_people_who_liked_something_only() -> None:
    split = Split({1: [], 2: [], 3: []}, {1: frozenset({7}), 2: frozenset({8}), 3: frozenset()})
    people = {number: Viewer(number, "F", 24 + number) for number in (1, 2, 3)}
    rows = movielens.hits({1: [7, 9], 2: [7, 9], 3: [7, 9]}, split, people, NOON)
    assert [(row["subject"], row["y_pred"]) for row in rows] == [
        ("movielens-1", 1),
        ("movielens-2", 0),
    ]
    assert {row["age_band"] for row in rows} == {"25 to 34"}


def test_the_lists_reproduce_the_numbers_of_seed_0(
    wheel: Path, split: Split, lists: dict[int, list[int]]
) -> None:
    people = movielens.viewers(wheel)
    rows = movielens.hits(lists, split, people, NOON)
    assert len(rows) == 907
    rates = {}
    for gender in ("F", "M"):
        theirs = [int(str(row["y_pred"])) for row in rows if row["gender"] == gender]
        rates[gender] = round(sum(theirs) / len(theirs), 4)
    assert rates == {"F": 0.5681, "M": 0.6292}
    assert len({film for films in lists.values() for film in films}) == 493


def test_no_list_holds_a_film_its_viewer_had_rated(
    split: Split, lists: dict[int, list[int]]
) -> None:
    assert len(lists) == 943
    for viewer, films in lists.items():
        assert len(set(films)) == 10
        assert not set(films) & set(split.seen[viewer])


@pytest.mark.django_db
def test_the_product_judges_both_plans_against_limits_declared_first(
    wheel: Path, settings: Any, tmp_path: Path
) -> None:
    from audits.models import Finding, OutputBatch, Plan
    from audits.runner import perform_run
    from audits.services import schedule_due_runs
    from config.demo.people import create_people

    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    create_people(system_keys=[])
    movies.load(wheel)
    movies.load(wheel)
    assert OutputBatch.objects.count() == 2
    ends = Plan.objects.values_list("ends_at", flat=True)
    due = {run.plan.key: run for run in schedule_due_runs(now=max(filter(None, ends)))}
    assert set(due) == {movies.HITS_PLAN, movies.EXPOSURE_PLAN}
    for run in due.values():
        assert perform_run(str(run.pk))
        run.refresh_from_db()
        assert run.error == ""
        earliest = OutputBatch.objects.earliest("occurred_from").occurred_from
        assert run.plan.limits_declared_at < earliest
    report: dict[str, Any] = due[movies.HITS_PLAN].report or {}
    primary = next(
        one
        for one in report["measurements"]
        if one["metric"] == "selection_rate_ratio" and one["note"] == "primary comparison"
    )
    assert primary["n"] == 907
    assert primary["value"] == pytest.approx(0.5681 / 0.6292, abs=2e-4)
    assert due[movies.EXPOSURE_PLAN].verdict == "fail"
    assert {one.run.plan.key for one in Finding.objects.all()} == {movies.EXPOSURE_PLAN}
