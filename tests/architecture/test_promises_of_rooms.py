"""What rooms promise one another: events are heard, signals produced, rows end, people answered."""

import ast
import re

from django.apps import apps
from django.db import models

from governance.core import events
from governance.core.ports import registered_personal_data_holders, registered_retention_rules
from governance.outbox.subscriptions import subscribers_of
from governance.signals.definitions import declared_signals
from tests.architecture.sources import ROOT, modules

PERSONAL_NAMES = {
    *("email", "phone", "ip_address", "user_agent", "date_of_birth", "external_id", "subject"),
    *("subject_pseudonym", "person", "recipient"),
}


def our_models() -> list[type[models.Model]]:
    rooms = {config.label for config in apps.get_app_configs() if _is_ours(config.name)}
    return [model for model in apps.get_models() if model._meta.app_label in rooms]


def _is_ours(name: str) -> bool:
    return (ROOT / name.split(".", 1)[0]).is_dir()


def test_every_event_has_a_subscriber_or_a_stated_reason_and_never_both() -> None:
    known = set(events.EVENT_TYPES)
    assert {"BreachFound", "RunFinished", "HoldPlaced"} <= known
    reasons = {event.__name__: reason for event, reason in events.UNHEARD.items()}
    assert {name for name in known if not subscribers_of(name)} == set(reasons)
    assert all(reason.endswith(".") for reason in reasons.values())


def test_every_declared_event_is_announced_somewhere() -> None:
    emitted = set()
    for path in modules("consent", "audits", "incidents", "governance", "dashboard"):
        text = path.read_text("utf-8")
        emitted |= set(re.findall(r"outbox_emit\('(\w+)'", text))  # announced by a statement
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                kind = getattr(events, name, None)
                if isinstance(kind, type) and issubclass(kind, events.DomainEvent):
                    emitted.add(name)
    assert emitted == set(events.EVENT_TYPES)


def _published_keys() -> set[str]:
    """Keys of every publish_signal call; what is filled in at run time reads as `*`."""
    found = set()
    for path in modules():
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                found.add(
                    "".join(
                        str(part.value) if isinstance(part, ast.Constant) else "*"
                        for part in node.values
                    )
                )
    return found


def test_every_signal_has_a_producer() -> None:
    written = _published_keys()
    silent = []
    for definition in declared_signals():
        key = definition.key
        if "{" in key:
            key = key[: key.index("{")] + "*" + key[key.index("}") + 1 :]

        if key not in written:
            silent.append(definition.key)
    assert declared_signals()
    assert not silent


def test_every_table_has_a_retention_rule() -> None:
    ruled = {rule.model for rule in registered_retention_rules()}
    unruled = [
        model._meta.label
        for model in our_models()
        if model._meta.managed and not model._meta.proxy and model._meta.label not in ruled
    ]
    assert not unruled


def test_every_retention_rule_names_a_table_and_its_reason() -> None:
    for rule in registered_retention_rules():
        assert apps.get_model(rule.model)
        assert rule.reason.strip()


def _personal_fields(model: type[models.Model]) -> list[str]:
    return [
        field.name
        for field in model._meta.get_fields()
        if isinstance(field, models.Field)
        and (
            isinstance(field, models.EmailField | models.GenericIPAddressField)
            or field.name in PERSONAL_NAMES
        )
    ]


def test_every_model_with_personal_fields_has_a_holder() -> None:
    held = {label for holder in registered_personal_data_holders() for label in holder.models}
    unheld = {
        model._meta.label: fields
        for model in our_models()
        if model._meta.managed
        and model._meta.label not in held
        and (fields := _personal_fields(model))
    }
    assert not unheld


def test_every_holder_names_models_that_exist() -> None:
    for holder in registered_personal_data_holders():
        for label in holder.models:
            assert apps.get_model(label)
