"""Plan files as YAML: read with what is wrong in one sentence, written so that people like it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import ValidationError

from audits.plan_files.model import PlanFile
from methods.errors import BadInput

LARGEST = 200_000


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML in which nothing is said twice and nothing refers to something else."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="a plan file has no aliases", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key!r} stands there twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_plan_file(path: str | Path) -> PlanFile:
    """Read a plan file.

    Raises
    ------
    BadInput : one sentence that names the file and what is wrong in it
    """
    try:
        with Path(path).open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}.") from None
    return read_plan_data(read_yaml(data, str(path)), str(path))


def read_plan_text(text: str, name: str = "The plan file") -> PlanFile:
    """Read a plan from YAML (or JSON, which is YAML); `name` is what errors call it."""
    return read_plan_data(read_yaml(text.encode(), name), name)


def read_yaml(data: bytes, name: str) -> Any:
    """Read YAML as plain data, with nothing said twice and no aliases."""
    if len(data) > LARGEST:
        raise BadInput(f"{name} is longer than {LARGEST:,} bytes: it is no plan file.")
    try:
        return yaml.load(data.decode("utf-8"), Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)
    except UnicodeDecodeError:
        raise BadInput(f"{name} is not text in UTF-8.") from None
    except yaml.MarkedYAMLError as problem:
        line = f" in line {problem.problem_mark.line + 1}" if problem.problem_mark else ""
        raise BadInput(f"{name} is not well-formed YAML{line}: {problem.problem}.") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise BadInput(f"{name} is not well-formed YAML.") from None


def read_plan_data(given: Any, name: str = "The plan") -> PlanFile:
    """Read a plan from plain data."""
    if not isinstance(given, dict):
        raise BadInput(f"{name} does not hold a plan: it begins with 'tactful: plan/1'.")
    try:
        return PlanFile.model_validate(given)
    except ValidationError as problem:
        raise BadInput(f"{name}: {_sentence(problem)}") from None


def _sentence(problem: ValidationError) -> str:
    first = problem.errors()[0]
    place = ".".join(str(one) for one in first["loc"] if one != "LimitEntry")
    said = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    match first["type"]:
        case "extra_forbidden":
            return f"{place} is not a field of a plan."
        case "missing":
            return f"{place} is missing."
        case "value_error":
            return f"{place}: {said}." if place else f"{said}."
    return f"{place}: {said[:1].lower()}{said[1:]}, not {_short(first['input'])}."


def _short(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= 60 else f"{said[:57]}..."


def write_plan_text(plan: PlanFile) -> str:
    """Write a plan as YAML; what is empty is left out."""
    said = plan.model_dump(mode="json")
    zone = ZoneInfo(plan.zone)
    for name in ("starts_at", "ends_at"):
        moment: datetime | None = getattr(plan, name)
        if moment is not None:
            said[name] = moment.astimezone(zone).isoformat()
    said["limits"] = [
        one["limit"] if one["severity"] == "fail" else one for one in said.get("limits", [])
    ]
    if plan.cron:
        said.pop("length", None)
    empty: tuple[Any, ...] = (None, "", [], {}, "0 seconds")
    kept = {name: one for name, one in said.items() if name == "columns" or one not in empty}
    return yaml.dump(kept, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Lists of plain words on one line, all else a line each."""

    def represent_sequence(
        self, tag: str, sequence: Any, flow_style: bool | None = None
    ) -> yaml.SequenceNode:
        plain = all(isinstance(one, str) and len(one) < 40 for one in sequence)
        return super().represent_sequence(tag, sequence, flow_style=plain)

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)
