"""Template tags of every page: badges, icons, times, figures, charts, cards and tables.

Shows what it is given; asks no database and decides nothing. Registered as built-in tags, so a
template need not load them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, cast

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard.templatetags.navigation import NAVIGATION, is_current
from dashboard.templatetags.permitted import may_open
from dashboard.templatetags.states import Look, state_look, verdict_look
from dashboard.templatetags.who import who
from governance import charts
from governance.charts import figures

register = template.Library()
register.filter(who)


# Badges and icons


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """An icon of the sprite: `{% icon "scale" %}`; `label` where no word stands beside it."""
    href = f"{static('tactful/icons.svg')}#{name}"
    classes = f"icon {css}".strip()
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>',
            classes,
            label,
            href,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>',
        classes,
        href,
    )


def _badge(look: Look, reason: str, word: str) -> dict[str, object]:
    return {"look": look, "reason": reason, "word": word or look.word}


@register.inclusion_tag("components/badge.html")
def verdict_badge(verdict: object, reason: str = "") -> dict[str, object]:
    """A verdict as word, shape and colour: `{% verdict_badge run.verdict %}`."""
    return _badge(verdict_look(verdict), reason, "")


@register.inclusion_tag("components/badge.html")
def state_badge(
    state: object, reason: str = "", word: str = "", kind: str = ""
) -> dict[str, object]:
    """A state with its reason below it: `{% state_badge "held" reason=hold.reason %}`.

    `kind="incident"` shows an active incident as burning; `word` replaces the word alone.
    """
    return _badge(state_look(state, kind), reason, word)


@register.inclusion_tag("components/navigation.html", takes_context=True)
def navigation(context: template.Context) -> dict[str, object]:
    """The rooms the one who looks may enter, the current one marked."""
    request, actor = context.get("request"), context.get("actor")
    path = getattr(request, "path", "")
    open_rooms = [entry for entry in NAVIGATION if may_open(actor, entry.href)]
    return {"entries": [(entry, is_current(entry, path)) for entry in open_rooms]}


# Times


@register.simple_tag
def relative_time(moment: datetime | date | str | None, empty: str = "never") -> SafeString | str:
    """`3 h ago`, with the exact time on hover and for screen readers."""
    at = _moment(moment)
    if at is None:
        return empty
    local = timezone.localtime(at)
    exact = f"{local.day} {local:%b %Y, %H:%M} {local.tzname()}"
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="visually-hidden">, {}</span></time>',
        at.isoformat(timespec="seconds"),
        exact,
        distance(at, timezone.now()),
        exact,
    )


def _moment(value: datetime | date | str | None) -> datetime | None:
    if not value:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        value = datetime.combine(value, time(), tzinfo=UTC)
    return value if timezone.is_aware(value) else value.replace(tzinfo=UTC)


def distance(moment: datetime, now: datetime) -> str:
    """How long ago or ahead, in one unit; beyond a month the date itself."""
    seconds = (now - moment).total_seconds()
    size = abs(seconds)
    if size < 45:
        return "just now" if seconds >= 0 else "in a moment"
    if size < 45 * 60:
        text = f"{max(1, round(size / 60))} min"
    elif size < 22 * 3600:
        text = f"{max(1, round(size / 3600))} h"
    elif size < 31 * 86400:
        days = max(1, round(size / 86400))
        text = "1 day" if days == 1 else f"{days} days"
    else:
        return f"{moment.day} {moment:%b %Y}"
    return f"{text} ago" if seconds >= 0 else f"in {text}"


# Figures


def _float(value: object) -> float | None:
    if value is None or value == "":
        return None
    try:
        return float(cast("float", value))
    except (TypeError, ValueError):
        return None


@register.filter
def number(value: object) -> str:
    """`{{ 1792|number }}` is `1,792`; `{{ 0.8512|number }}` is `0.85`."""
    if isinstance(value, int):
        return figures.count(value)
    return figures.figure(_float(value))


@register.filter
def percent(value: object, digits: int = 1) -> str:
    """A proportion as a percentage: `{{ 0.814|percent }}` is `81.4 %`."""
    return figures.share(_float(value), digits=int(digits))


@register.filter
def interval(measurement: object) -> str:
    """`0.85 (0.77 to 0.95)` of anything that has value, low and high."""
    limit = _limit(_part(measurement, "threshold"))
    return figures.interval(
        _float(_part(measurement, "value")),
        _float(_part(measurement, "low")),
        _float(_part(measurement, "high")),
        apart_from=[limit.value] if limit else [],
    )


@register.filter
def words(value: object) -> str:
    """A code as words: `ml_engineer` is `ml engineer`."""
    return str(value).replace("_", " ")


@register.filter
def slice_label(measurement: object) -> str:
    """The group a measurement is about, in words: `race: Black, sex: female`."""
    comparison = _part(measurement, "comparison")
    if comparison:
        of, to = _part(comparison, "of"), _part(comparison, "to")
        return f"{_group(of)} against {_group(to)}" if to else _group(of)
    return _group(_part(measurement, "slice"))


def _group(columns: object) -> str:
    if not columns:
        return "everyone"
    if not isinstance(columns, Mapping):
        return str(columns)
    return ", ".join(f"{column}: {value}" for column, value in columns.items())


# Charts


def _part(thing: object, name: str) -> Any:
    """A field of a report's dict or of an object alike."""
    if isinstance(thing, Mapping):
        return thing.get(name)
    return getattr(thing, name, None)


def _limit(threshold: object) -> charts.Limit | None:
    """A threshold {op, value} or a bare number as the charts' limit."""
    if threshold is None or threshold == "":
        return None
    if isinstance(threshold, charts.Limit):
        return threshold
    bare = _float(threshold) if not isinstance(threshold, Mapping) else None
    if bare is not None:
        return charts.Limit(bare)
    value = _float(_part(threshold, "value"))
    return None if value is None else charts.Limit(value, str(_part(threshold, "op") or ""))


def _verdict(thing: object) -> charts.Verdict:
    verdict = str(_part(thing, "verdict") or "")
    return cast("charts.Verdict", verdict) if verdict in {"pass", "fail", "inconclusive"} else None


@register.simple_tag
def interval_bar(
    measurement: object,
    lo: float | None = None,
    hi: float | None = None,
    width: float = 160,
    label: str = "",
) -> SafeString:
    """A measurement's interval against its limit, for a table cell."""
    limit = _limit(_part(measurement, "threshold"))
    drawn = charts.interval_bar(
        _float(_part(measurement, "value")),
        _float(_part(measurement, "low")),
        _float(_part(measurement, "high")),
        limits=[limit] if limit else [],
        lo=_float(lo),
        hi=_float(hi),
        verdict=_verdict(measurement),
        label=label or str(_part(measurement, "metric") or ""),
        width=float(width),
    )
    return mark_safe(drawn)  # charts escape every text


@register.simple_tag
def forest_plot(
    measurements: Iterable[object],
    title: str = "Measurements with intervals",
    limit: object = None,
    reference: float | None = None,
    width: float = 720,
) -> SafeString:
    """Measurements (or `ForestRow`s) below each other, with the limit they are held to."""
    rows, found = [], _limit(limit)
    for one in measurements:
        found = found or _limit(_part(one, "threshold"))
        rows.append(
            charts.ForestRow(
                label=str(_part(one, "label") or slice_label(one)),
                n=_part(one, "n"),
                value=_float(_part(one, "value")),
                low=_float(_part(one, "low")),
                high=_float(_part(one, "high")),
                verdict=_verdict(one),
            )
        )
    drawn = charts.forest_plot(
        rows, found, title=title, reference=_float(reference), width=float(width)
    )
    return mark_safe(drawn)  # charts escape every text


@register.simple_tag
def sparkline(
    values: Sequence[float | None], limit: object = None, label: str = "Trend", width: float = 96
) -> SafeString:
    """The run of a figure, for a tile or a cell."""
    mark = _limit(limit)
    drawn = charts.sparkline(
        [_float(value) for value in values],
        limit=mark.value if mark else None,
        label=label,
        width=float(width),
    )
    return mark_safe(drawn)  # charts escape every text


@register.simple_tag
def trend(
    points: Iterable[object],
    limit: object = None,
    title: str = "Trend",
    unit: str = "",
    width: float = 720,
    height: float = 260,
) -> SafeString:
    """Points (label, value, low, high, verdict) over time, with band and limit."""
    drawn = charts.trend(
        [
            charts.TrendPoint(
                label=str(_part(point, "label") or ""),
                value=_float(_part(point, "value")),
                low=_float(_part(point, "low")),
                high=_float(_part(point, "high")),
                verdict=_verdict(point),
            )
            for point in points
        ],
        _limit(limit),
        title=title,
        unit=unit,
        width=float(width),
        height=float(height),
    )
    return mark_safe(drawn)  # charts escape every text


@register.simple_tag
def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    title: str = "Heat map",
) -> SafeString:
    """Figures of two groupings against each other."""
    return mark_safe(charts.heat_map(rows, columns, values, title=title))


@register.simple_tag
def funnel(steps: Sequence[charts.FunnelStep], title: str = "Funnel") -> SafeString:
    """Steps (`FunnelStep`) and how many are left at each."""
    return mark_safe(charts.funnel(steps, title=title))


@register.simple_tag
def flow_graph(
    nodes: Sequence[charts.FlowNode], edges: Sequence[charts.FlowEdge], title: str = "Data flow"
) -> SafeString:
    """A layered map of `FlowNode`s and `FlowEdge`s."""
    return mark_safe(charts.flow_graph(nodes, edges, title=title))


# Cards and tables


@register.simple_block_tag(end_name="end_card")
def card(
    content: str, title: str = "", note: str = "", css: str = "", flush: bool = False
) -> SafeString:
    """`{% card title="Holds" %}...{% end_card %}`; `flush=True` for lists and tables inside."""
    return render_to_string(
        "components/card.html",
        {"content": content, "title": title, "note": note, "css": css, "flush": flush},
    )


@register.simple_block_tag(end_name="end_data_table")
def data_table(
    content: str,
    name: str,
    title: str = "",
    note: str = "",
    filterable: bool = True,
    export_url: str = "",
    export_label: str = "",
    css: str = "",
) -> SafeString:
    """A card with a sortable, filterable table; inside stand its <thead> and <tbody>.

    `name` is the table's id and, without a title, its caption.
    """
    return render_to_string(
        "components/table.html",
        {
            "content": content,
            "name": name,
            "title": title,
            "note": note,
            "filterable": filterable,
            "export_url": export_url,
            "export_label": export_label,
            "css": css,
        },
    )
