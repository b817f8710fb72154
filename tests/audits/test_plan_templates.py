"""The templates for pipelines are what the services read, and their script does what it says."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from audits.plan_files.checking import check_plan_file
from audits.plan_files.text import read_plan_file

CI = Path(__file__).parents[2] / "docs" / "ci"
TEMPLATES = {"github-action.yml": "github-workflows.json", "gitlab-template.yml": "gitlab-ci.json"}


def loaded(name: str) -> Any:
    class Words(yaml.SafeLoader):
        """YAML 1.2 as the services read it: `on` is a word."""

    Words.yaml_implicit_resolvers = {
        letter: [(tag, found) for tag, found in known if tag != "tag:yaml.org,2002:bool"]
        for letter, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load((CI / name).read_text(), Loader=Words)


def shell_of(value: Any) -> list[str]:
    """Every script in a template."""
    if isinstance(value, list):
        return [text for one in value for text in shell_of(one)]
    if not isinstance(value, dict):
        return []
    found: list[str] = []
    for name, one in value.items():
        if name in ("run", "script", "before_script"):
            found += [one] if isinstance(one, str) else list(one)
        else:
            found += shell_of(one)
    return found


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_valid_for_its_service(name: str) -> None:
    vendored = files("check_jsonschema.builtin_schemas.vendor") / TEMPLATES[name]
    schema = json.loads(vendored.read_text("utf-8"))
    checker = jsonschema.validators.validator_for(schema)(schema)
    assert list(checker.iter_errors(loaded(name))) == []
    broken = json.loads(json.dumps(loaded(name)).replace("timeout", "time-out"))
    assert list(checker.iter_errors(broken)) or name == "gitlab-template.yml"
    assert "it has not been run in place" in (CI / name).read_text()


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_scripts_of_a_template_are_shell(name: str) -> None:
    scripts = shell_of(loaded(name))
    assert any("docs/ci/audit.sh" in one for one in scripts)
    for script in scripts:
        read = subprocess.run(["sh", "-n"], input=script, text=True, check=False)
        assert read.returncode == 0, script


def test_the_example_is_a_plan() -> None:
    check_plan_file(read_plan_file(CI / "plan.yml"))


def applicants(path: Path, people: int, shares: dict[str, float]) -> None:
    drawn = random.Random(1)
    rows = [
        f"{number},{race},{'f' if number % 2 else 'm'},{int(drawn.random() < share)}"
        for race, share in shares.items()
        for number in range(people)
    ]
    path.write_text("\n".join(["applicant,race,sex,approved", *rows]) + "\n")


@pytest.mark.parametrize(
    ("people", "shares", "strict", "code"),
    [
        pytest.param(3_000, {"a": 0.5, "b": 0.5}, "0", 0, marks=pytest.mark.trust),
        (3_000, {"a": 0.5, "b": 0.2}, "0", 1),
        pytest.param(40, {"a": 0.5, "b": 0.42}, "0", 0, marks=pytest.mark.trust),
        (40, {"a": 0.5, "b": 0.42}, "1", 3),
        (0, {"a": 0.5}, "0", 2),
    ],
    ids=["alike", "unlike", "too few, lenient", "too few, strict", "no rows"],
)
def test_the_script_ends_as_the_audit_says(
    tmp_path: Path, people: int, shares: dict[str, float], strict: str, code: int
) -> None:
    data = tmp_path / "predictions.csv"
    applicants(data, people, shares)
    done = subprocess.run(
        ["sh", str(CI / "audit.sh"), str(CI / "plan.yml"), str(data), str(tmp_path / "fairness")],
        env={
            **os.environ,
            "TACTFUL": str(CI.parents[1]),
            "PYTHON": sys.executable,
            "STRICT": strict,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code, done.stderr
    if code != 2:
        assert json.loads((tmp_path / "fairness.json").read_text())["method"] == "fairness.groups"
        assert "<html" in (tmp_path / "fairness.html").read_text()
