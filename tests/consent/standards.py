"""Holds every answer of OFREP and AuthZEN against JSON Schemas written from the specifications."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parent / "schemas"
OFREP_SINGLE = "/ofrep/v1/evaluate/flags/"
OFREP_BULK = "/ofrep/v1/evaluate/flags"
AUTHZEN = {
    "/access/v1/evaluation": "evaluation",
    "/access/v1/evaluations": "evaluations",
    "/access/v1/search/subject": "subjects",
    "/access/v1/search/resource": "resources",
    "/access/v1/search/action": "actions",
    "/.well-known/authzen-configuration": "configuration",
}
OFREP_ERRORS = {400, 401, 403, 404, 405, 413, 500, 503}


@cache
def _validator(standard: str, name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{standard}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})


def _name(path: str, status: int) -> tuple[str, str] | None:
    if path in AUTHZEN:
        return "authzen", AUTHZEN[path] if status == 200 else "error"
    if path.startswith("/access/"):
        return "authzen", "error"
    if path.rstrip("/") == OFREP_BULK:
        named = {200: "bulkSuccess", 400: "bulkFailure"}
        return "ofrep", named.get(status, "generalError")
    if path.startswith(OFREP_SINGLE):
        named = {200: "success", 400: "failure", 404: "notFound"}
        return "ofrep", named.get(status, "generalError")
    return None


def check(path: str, status: int, headers: dict[str, str], body: Any) -> None:
    """Fail when an answer is not what its standard says."""
    if status in (204, 304):
        assert body is None, f"{status} has no body"
        return
    found = _name(path, status)
    if found is None:
        return
    assert headers.get("Content-Type") == "application/json"
    problems = [each.message for each in _validator(*found).iter_errors(body)]
    assert not problems, f"{path} {status} is no {'.'.join(found)}: {problems} in {body}"
    if found == ("ofrep", "bulkSuccess"):
        assert headers["ETag"].startswith('"')
