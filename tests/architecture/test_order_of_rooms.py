"""Imports, relations and migrations run one way: from the upper rooms to the lower ones.

import-linter holds the imports (`make lint`); a string foreign key hides from it, so relations and
migration dependencies are walked here.
"""

import subprocess
import sys
from typing import TypeGuard

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model

from tests.architecture.sources import ROOT, imports, modules, shown

ORDER = (
    *("core", "ledger", "outbox", "people", "registry", "signals", "reviews"),
    *("consent", "audits", "incidents", "dashboard", "config"),
)
HEIGHT = {label: height for height, label in enumerate(ORDER)}
HEAVY = {"fairlearn", "opendp", "sklearn", "pandas", "ibis", "duckdb", "pyarrow", "scipy"}
# Where heavy packages may be imported, and which.
HOMES = {
    "methods": HEAVY,
    "audits/sources": HEAVY,
    "consent/audience": {"pyarrow"},
    "consent/fastpath": {"pyarrow"},  # names of people straight from Arrow's buffers
    "config/demo": {"sklearn", "pyarrow"},  # the demo trains the model it then audits
}


def test_the_order_names_every_room_there_is() -> None:
    rooms = {config.label for config in apps.get_app_configs() if _is_ours(config.name)}
    assert rooms == set(ORDER)


def _is_ours(name: str) -> bool:
    return (ROOT / name.split(".", 1)[0]).is_dir()


def _is_model(target: object) -> TypeGuard[type[Model]]:
    return isinstance(target, type) and issubclass(target, Model)


def test_relations_point_downward() -> None:
    upward = []
    for model in apps.get_models(include_auto_created=True):
        height = HEIGHT.get(model._meta.app_label)
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if height is None or field.auto_created or not _is_model(target):
                continue
            if HEIGHT.get(target._meta.app_label, -1) > height:
                upward.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    assert not upward


def test_migrations_depend_downward() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    assert loader.disk_migrations
    upward = [
        f"{label}.{name} -> {other}"
        for (label, name), migration in loader.disk_migrations.items()
        for other, _ in migration.dependencies
        if label in HEIGHT and HEIGHT.get(other, -1) > HEIGHT[label]
    ]
    assert not upward
    assert connection.vendor == "postgresql"


def test_heavy_packages_are_imported_only_where_the_mathematics_lives() -> None:
    astray = []
    for path in modules():
        home = next((h for h in HOMES if shown(path).startswith(f"{h}/")), None)
        allowed = HOMES[home] if home else set()
        astray += [
            f"{shown(path)}:{line} {name}"
            for line, name in imports(path)
            if name.split(".", 1)[0] in HEAVY - allowed
        ]
    assert not astray


def test_importing_every_route_loads_no_heavy_package() -> None:
    program = (
        "import django; django.setup(); import config.urls, config.wsgi, sys;"
        f" print(sorted(set(sys.modules) & {HEAVY | {'numpy'}!r}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.stdout.strip() == "[]", ended.stderr[-2000:]
