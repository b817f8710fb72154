"""Promises about the seven built-in types: their keys, and that each standard name exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, transaction
from fideslang.default_taxonomy import DEFAULT_TAXONOMY

from governance.core.actors import SystemActor
from governance.core.errors import Invalid
from governance.registry import services
from governance.registry.models import ModelVersion, PersonalizationType, Purpose, System

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")
SEVEN = {
    *("product_suggestions", "ads", "content_ranking", "pricing", "notifications"),
    *("inferred_interests", "model_training"),
}


def test_the_seven_types_stand_from_the_first_migration() -> None:
    assert set(PersonalizationType.objects.values_list("key", flat=True)) >= SEVEN
    for kind in PersonalizationType.objects.filter(key__in=SEVEN):
        assert kind.purposes.exists(), kind.key


def test_every_purpose_names_a_fideslang_use_that_is_current() -> None:
    known = {use.fides_key: use for use in DEFAULT_TAXONOMY.data_use}
    for purpose in Purpose.objects.all():
        assert purpose.fideslang_use in known, purpose.key
        assert known[purpose.fideslang_use].version_deprecated is None, purpose.key
        purpose.full_clean()


def test_gpc_covers_only_the_purpose_across_companies() -> None:
    covered = Purpose.objects.filter(gpc_covers=True)
    assert list(covered.values_list("key", flat=True)) == ["ads_third_party"]


def test_nothing_is_preselected_where_consent_is_the_basis() -> None:
    for purpose in Purpose.objects.filter(lawful_basis="consent"):
        assert set(purpose.mechanism.values()) <= {"opt_in"}, purpose.key


def test_a_mechanism_needs_its_default_region() -> None:
    purpose = Purpose.objects.get(key="ads")
    with pytest.raises(Invalid, match="every region"):
        services.update_purpose(purpose=purpose, mechanism={"DE": "opt_in"}, actor=STAGE)


def test_the_database_refuses_to_serve_another_systems_version(cast: Cast) -> None:
    one, two = (
        services.register_system(key=key, title=key, on_pause="off", actor=STAGE)
        for key in ("one", "two")
    )
    stranger = services.register_version(system=two, key="v1", actor=STAGE)
    assert isinstance(stranger, ModelVersion)
    with pytest.raises(IntegrityError, match="is_its_own"), transaction.atomic():
        System.objects.filter(pk=one.pk).update(serving_version=stranger)


def test_a_fallback_profiles_nobody(cast: Cast) -> None:
    system = services.register_system(key="one", title="One", on_pause="off", actor=STAGE)
    version = services.register_version(system=system, key="v1", actor=STAGE)
    with pytest.raises(Invalid, match="profiles people"):
        services.set_fallback_version(system=system, version=version, actor=STAGE, reason="x")
