"""Plans as files: what is exported is imported, pipelines check and run them without a database."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from audits.models import Plan, PlanChange
from audits.plan_files.content import content_of, file_of
from audits.plan_files.model import PlanFile, json_schema
from audits.plan_files.text import read_plan_file, read_plan_text, write_plan_text
from audits.services import apply_plan_file
from governance.core.errors import Invalid, NotFound
from methods.errors import BadInput
from tests.audits.conftest import STAGE, Stage
from tests.cast import Cast

ROOT = Path(__file__).parents[2]
TEXT = """
tactful: plan/1
key: exposure
title: Is what people see spread over the items?
system: carousel
version: learned
method: exposure.popularity
columns:
  item: item
parameters: {top_fraction: 0.1, catalogue_size: 20}
limits:
  - top_share<=0.30
  - limit: gini<=0.9
    severity: warn
zone: Europe/Berlin
starts_at: 2026-01-05T00:00
cron: 0 6 * * 1
lateness: 2 hours
weight: heavy
suppress_below: 0
"""


def test_what_is_written_is_read_back() -> None:
    file = read_plan_text(TEXT)
    assert file.starts_at is not None
    assert file.starts_at.isoformat() == "2026-01-05T00:00:00+01:00"
    assert read_plan_text(write_plan_text(file)) == file


@given(
    file=st.builds(
        PlanFile,
        key=st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,20}\Z"),
        title=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=60),
        method=st.sampled_from(["fairness.groups", "exposure.popularity"]),
        columns=st.dictionaries(
            st.sampled_from(["group", "item", "y_pred"]),
            st.lists(st.text("abc: #'\"-", min_size=1, max_size=9), min_size=1, max_size=3),
        ),
        parameters=st.dictionaries(
            st.text("abc", min_size=1, max_size=5),
            st.none() | st.integers() | st.booleans() | st.text(max_size=9).map(repr),
        ),
        limits=st.lists(
            st.builds(
                lambda op, value, severity: {"limit": f"m{op}{value!r}", "severity": severity},
                st.sampled_from([">=", "<="]),
                st.floats(-5, 5),
                st.sampled_from(["fail", "warn"]),
            ),
            max_size=3,
        ),
        zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"]),
        lateness=st.integers(0, 10**7).map(lambda seconds: timedelta(seconds=seconds)),
        backfill=st.booleans(),
        suppress_below=st.integers(0, 50),
    )
)
def test_any_plan_file_survives_being_written_and_read(file: PlanFile) -> None:
    assert read_plan_text(write_plan_text(file)) == file


def test_a_plan_survives_export_and_import(stage: Stage) -> None:
    plan = stage.plan(on_breach="finding", limits_note="Agreed.", planned_looks=3)
    text = write_plan_text(file_of(plan))
    assert apply_plan_file(file=read_plan_text(text), actor=STAGE).outcome == "unchanged"
    before = content_of(plan)
    plan.delete()
    made = apply_plan_file(file=read_plan_text(text), actor=STAGE)
    assert made.outcome == "created"
    assert content_of(Plan.objects.get(key="exposure")) == before


def test_a_plan_of_cron_survives_too(stage: Stage) -> None:
    apply_plan_file(file=read_plan_text(TEXT), actor=STAGE)
    plan = Plan.objects.get()
    assert (plan.cron, plan.weight, plan.suppress_below) == ("0 6 * * 1", "heavy", 0)
    text = write_plan_text(file_of(plan))
    assert apply_plan_file(file=read_plan_text(text), actor=STAGE).outcome == "unchanged"


def test_a_file_changes_its_plan_and_what_weakens_it_waits(stage: Stage) -> None:
    apply_plan_file(file=read_plan_text(TEXT), actor=STAGE)
    stricter = read_plan_text(TEXT.replace("top_share<=0.30", "top_share<=0.25"))
    assert apply_plan_file(file=stricter, actor=STAGE).outcome == "applied"
    with pytest.raises(Invalid, match="needs a reason"):
        apply_plan_file(file=read_plan_text(TEXT), actor=STAGE)
    waits = apply_plan_file(file=read_plan_text(TEXT), reason="Too strict.", actor=STAGE)
    assert (waits.outcome, waits.plan.revision) == ("proposed", 2)
    assert Plan.objects.get().limits[0]["value"] == 0.25


def test_a_file_for_a_system_one_may_not_see_is_refused(stage: Stage, cast: Cast) -> None:
    with pytest.raises(NotFound, match="no system 'carousel'"):
        apply_plan_file(file=read_plan_text(TEXT), actor=cast.actor("eve"))


def test_another_start_or_method_asks_for_another_plan(stage: Stage) -> None:
    apply_plan_file(file=read_plan_text(TEXT), actor=STAGE)
    for old, new in (("2026-01-05", "2026-02-05"), ("exposure.popularity", "fairness.groups")):
        with pytest.raises(Invalid, match="never changes once a plan is made"):
            apply_plan_file(file=read_plan_text(TEXT.replace(old, new)), actor=STAGE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key: a\nkey: b", "line 2: 'key' stands there twice"),
        ("x: &a [1]\ny: *a", "no aliases"),
        ("[]", "does not hold a plan"),
        ("a: [", "not well-formed YAML in line"),
        ("a: !!python/object/apply:os.system [ls]", "not well-formed YAML"),
        ("key: a\nmethod: m", "columns is missing"),
        ("key: A\nmethod: m\ncolumns: {}", "key: string should match"),
        ("key: a\nmethod: m\ncolumns: {}\nbogus: 1", "bogus is not a field of a plan"),
        ("key: a\nmethod: m\ncolumns: {}\nlimits: [x]", "'x' is not of the form"),
        ("key: a\nmethod: m\ncolumns: {}\ncron: soon", "is not a cron expression"),
        ("key: a\nmethod: m\ncolumns: {}\nevery: soon", "is not a duration"),
        ("key: a\nmethod: m\ncolumns: {}\nzone: Mars", "is not a time zone"),
        ("key: a\nmethod: m\ncolumns: {}\ntime_limit: 9 hours", "at most 55 minutes"),
        ("key: a\nmethod: m\ncolumns: {}\ntactful: plan/9", "should be 'plan/1'"),
        ("key: a\nmethod: m\ncolumns: {}\ncron: 0 6 * * 1\nevery: 1 day", "not both"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plan.yml"
    path.write_text(text)
    with pytest.raises(BadInput) as problem:
        read_plan_file(path)
    assert said in str(problem.value)
    assert str(problem.value).startswith(str(path))
    assert "\n" not in str(problem.value)


def test_the_published_schema_is_the_one_that_is_enforced() -> None:
    published = json.loads((ROOT / "docs/ci/plan.schema.json").read_text())
    assert published == json_schema()
    jsonschema.Draft202012Validator.check_schema(published)
    check = jsonschema.Draft202012Validator(published)
    good = yaml.safe_load(TEXT.replace("2026-01-05T00:00", "'2026-01-05T00:00'"))
    assert list(check.iter_errors(good)) == []
    for wrong in ({"bogus": 1}, {"limits": ["x"]}, {"every": "soon"}, {"key": "A"}):
        assert list(check.iter_errors({**good, **wrong}))


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """A command as a pipeline calls it, where no database is."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def plan_path(tmp_path: Path) -> str:
    path = tmp_path / "plan.yml"
    path.write_text(TEXT)
    return str(path)


@pytest.mark.parametrize(
    ("favourites", "code"), [(0, 0), (0.9, 1)], ids=["within the limit", "beyond it"]
)
def test_a_pipeline_audits_a_file_by_its_plan(
    tmp_path: Path, plan_path: str, favourites: float, code: int
) -> None:
    rows = [f"item-{n % 2 if n < 2000 * favourites else n % 20}" for n in range(2000)]
    data = tmp_path / "outputs.csv"
    data.write_text("".join(f"{one},{n}\n" for n, one in [("output_id", "item"), *enumerate(rows)]))
    done = command("audit", "--plan", plan_path, str(data), "--format", "json")
    assert done.returncode == code, done.stderr
    report = json.loads(done.stdout)
    assert report["method"] == "exposure.popularity"
    assert report["parameters"]["catalogue_size"] == 20
    thresholds = [one["threshold"] for one in report["measurements"] if one["threshold"]]
    assert {(one["value"], one["severity"]) for one in thresholds} == {(0.3, "fail"), (0.9, "warn")}


def test_a_pipeline_is_told_in_one_line_what_is_wrong(tmp_path: Path, plan_path: str) -> None:
    data = tmp_path / "outputs.csv"
    data.write_text("output_id,item\n1,a\n")
    for words, said in (
        (("audit", "--plan", "missing.yml", str(data)), "missing.yml cannot be read"),
        (("audit", "--plan", plan_path, str(data), "--seed", "3"), "leave out --seed"),
        (("audit_plans", "check", str(data)), "does not hold a plan"),
    ):
        done = command(*words)
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(TEXT.replace("top_share", "top_shear"))
    done = command("audit_plans", "check", plan_path, str(wrong))
    assert done.returncode == 2
    assert "has no metric 'top_shear'" in done.stderr


def run_plans(*words: str, capsys: Any) -> tuple[int, str]:
    try:
        call_command("audit_plans", *words)
    except SystemExit as ended:
        return int(ended.code or 0), capsys.readouterr().out
    return 0, capsys.readouterr().out


def test_the_command_applies_exports_and_says_what_waits(
    stage: Stage, plan_path: str, capsys: Any
) -> None:
    assert run_plans("apply", plan_path, capsys=capsys) == (0, "exposure: created\n")
    assert run_plans("apply", plan_path, capsys=capsys) == (0, "exposure: unchanged\n")
    code, text = run_plans("export", "exposure", capsys=capsys)
    assert code == 0
    assert read_plan_text(text) == file_of(Plan.objects.get())
    Path(plan_path).write_text(TEXT.replace("top_share<=0.30", "top_share<=0.40"))
    assert run_plans("apply", plan_path, capsys=capsys)[0] == 2
    code, said = run_plans("apply", plan_path, "--reason", "Agreed.", capsys=capsys)
    assert code == 3
    assert "top_share <= 0.3 would be loosened to 0.4" in said
    assert PlanChange.objects.get().state == "proposed"
    assert run_plans("export", "nothing", capsys=capsys)[0] == 2
