"""The API describes itself: the schema is valid OpenAPI and names every room's doors."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from drf_spectacular.drainage import GENERATOR_STATS

DOORS = ("systems", "holds", "outputs", "plans", "runs", "incidents", "consent/events")


@pytest.mark.django_db
def test_the_schema_is_valid_without_a_warning_and_names_every_room(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    GENERATOR_STATS.reset()  # a schema that was drawn up before has told its own warnings
    call_command(
        "spectacular",
        "--validate",
        "--fail-on-warn",
        "--format",
        "openapi-json",
        "--file",
        str(file),
    )
    schema = json.loads(file.read_text("utf-8"))
    paths = schema["paths"]
    assert not [
        door for door in DOORS if not any(path.startswith(f"/api/v1/{door}") for path in paths)
    ]
    assert set(schema["components"]["securitySchemes"]) == {
        "apiKeyBearer",
        "apiKeyHeader",
        "browserSession",
        "subjectToken",
    }
