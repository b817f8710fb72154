"""Presets: each fits its method, and no number in it stands without a source."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.choices import OnBreach, SourceKind
from audits.presets import PRESETS, Preset
from audits.presets.preset import CHECK, HOUSE, Citation
from methods import catalogue
from methods.report import Limit
from methods.run import check_limits

each = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)


def test_the_five_surfaces_have_a_preset() -> None:
    assert list(PRESETS) == ["recommendations", "ads_delivery", "ranking", "pricing", "eligibility"]


@each
def test_a_preset_validates_against_its_method(preset: Preset) -> None:
    method = catalogue.get(preset.method)
    roles = {role.name: [role.column] for role in preset.roles}
    assert method.roles.check(preset.method, roles) == roles
    assert method.roles.check(preset.method, preset.columns())
    method.parse(preset.declared_parameters())
    check_limits(method, [Limit.from_dict(one) for one in preset.declared_limits()])


@each
def test_a_preset_counts_people_not_rows(preset: Preset) -> None:
    assert "subject" in preset.columns()


@each
def test_every_limit_has_a_source_that_can_be_found_or_owns_up_to_being_a_choice(
    preset: Preset,
) -> None:
    assert preset.limits
    for limit in preset.limits:
        assert limit.why
        assert findable(limit.source), limit
    assert findable(preset.evidence.source)


def findable(source: Citation) -> bool:
    """Whether there is an address, a reason, or the advice to check it."""
    if source.title.startswith(HOUSE):
        return len(source.title) > len(HOUSE) + 20
    return bool(source.title) and (source.address.startswith("https://") or not source.read)


@each
def test_every_law_says_what_it_does_not_say_and_where_it_is_read(preset: Preset) -> None:
    assert preset.reach
    for reach in preset.reach:
        assert reach.says and reach.does_not_say
        assert reach.source.address.startswith("https://")
    assert preset.does_not_show


@each
def test_a_preset_warns_before_it_fails(preset: Preset) -> None:
    by_metric: dict[str, dict[str, float]] = {}
    for limit in preset.limits:
        by_metric.setdefault(f"{limit.metric}{limit.op}", {})[limit.severity] = limit.value
    assert any("fail" in found for found in by_metric.values())
    for name, found in by_metric.items():
        if len(found) == 2:
            assert (found["warn"] > found["fail"]) == name.endswith(">="), name


@each
def test_a_preset_names_known_kinds_and_holds_nothing_by_itself(preset: Preset) -> None:
    assert set(preset.kinds) <= set(SourceKind.values)
    assert preset.on_breach == OnBreach.FINDING


def test_what_was_not_read_is_told_to_be_checked() -> None:
    assert str(Citation("A book", read=False)).endswith(f"({CHECK})")
    assert str(Citation("A book", "https://example.org")) == "A book"
    unread = [reach for preset in PRESETS.values() for reach in preset.reach]
    assert any(not reach.source.read for reach in unread)


@each
def test_the_docs_show_the_numbers_of_the_preset(preset: Preset) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "plans.md").read_text("utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith(f"| `{preset.key}` |")]
    for limit in preset.limits:
        assert f"`{limit.metric} {limit.op} {limit.value:g}`" in row
    assert f"`{preset.method}`" in row
