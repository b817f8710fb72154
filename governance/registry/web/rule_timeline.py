"""A small picture of region rules in time: one bar a rule, a line for now. Text twin: the table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from governance.registry.models import RegionRule

_LEFT, _WIDTH, _ROW = 110, 610, 30
# The share of colour says how much is asked of the person; the word stands in the bar.
_STRENGTH = {"notice_only": "0.06", "opt_out": "0.12", "opt_in": "0.2", "prohibited": "0.3"}


def region_name(region: str) -> str:
    return "everywhere else" if region == "*" else region


def draw_timeline(rules: Sequence[RegionRule], now: datetime) -> SafeString:
    """Draw the rules as an SVG; empty when none has a start or an end to show."""
    moments = [each for rule in rules for each in (rule.valid_from, rule.valid_until) if each]
    if not moments:
        return mark_safe("")
    first = min([*moments, now]) - timedelta(days=30)
    last = max([*moments, now]) + timedelta(days=60)
    span = (last - first).total_seconds()

    def place(moment: datetime | None, otherwise: float) -> float:
        if moment is None:
            return otherwise
        return _LEFT + _WIDTH * (moment - first).total_seconds() / span

    regions = sorted({rule.region for rule in rules}, key=lambda name: (name != "*", name))
    bars = []
    for rule in rules:
        start, end = place(rule.valid_from, _LEFT), place(rule.valid_until, _LEFT + _WIDTH)
        top = regions.index(rule.region) * _ROW + 4
        label = rule.get_regime_display()
        room = end - start > 7 * len(label) + 10
        bars.append(
            (
                f"{start:.1f}",
                top,
                f"{max(end - start, 2):.1f}",
                _STRENGTH[rule.regime],
                f"{region_name(rule.region)}: {label.lower()}",
                f"{start + 6:.1f}",
                top + 15,
                label if room else "",
            )
        )
    height = len(regions) * _ROW + 22
    names = [(i * _ROW + 19, region_name(region)) for i, region in enumerate(regions)]
    return format_html(
        '<svg class="rule-timeline" viewBox="0 0 {} {}" width="730" role="img" '
        'aria-label="Rules by region in time; the table below says the same" '
        'font-size="12" fill="currentColor">{}{}'
        '<line x1="{}" x2="{}" y1="0" y2="{}" stroke="currentColor" stroke-dasharray="3 3"/>'
        '<text x="{}" y="{}">now, {}</text></svg>',
        _LEFT + _WIDTH + 10,
        height,
        format_html_join("", '<text x="0" y="{}">{}</text>', names),
        format_html_join(
            "",
            '<rect x="{}" y="{}" width="{}" height="22" rx="3" fill-opacity="{}">'
            '<title>{}</title></rect><text x="{}" y="{}">{}</text>',
            bars,
        ),
        f"{place(now, _LEFT):.1f}",
        f"{place(now, _LEFT):.1f}",
        height - 18,
        f"{min(place(now, _LEFT) + 4, _LEFT + _WIDTH - 110):.1f}",
        height - 4,
        f"{now:%-d %b %Y}",
    )
