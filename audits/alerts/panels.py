"""People who return from window to window: what of a gap is luck of the same people every day.

`collect_panel` runs once a run, on the engine, and keeps sums; nothing of a person is stored.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from audits.choices import AlertEvidence, RunPurpose, RunState
from audits.models import AlertRule, Run
from governance.core.errors import DomainError

if TYPE_CHECKING:
    from audits.sources.reading import OpenInput
    from methods.fairness.contrasts import Pair
    from methods.fairness.cube import GroupCube

logger = logging.getLogger(__name__)


def window_before(run: Run) -> Run | None:
    """Return the finished scheduled run before this one, of the same plan and version."""
    return (
        Run.objects.filter(
            plan=run.plan_id,
            version=run.version_id,
            purpose=RunPurpose.SCHEDULED,
            state=RunState.SUCCEEDED,
            window_start__lt=run.window_start,
        )
        .select_related("plan", "version")
        .defer("report")
        .order_by("-window_start")
        .first()
    )


def collect_panel(run: Run, opened: OpenInput, cube: Any) -> dict[str, Any] | None:
    """Return the cross-window sums of people who were in the window before too.

    None where no alert compares groups, where the data name no people or no time, or where there
    is no window before. The windows are read as one table, so that one query joins them.
    """
    from methods.errors import BadInput
    from methods.fairness.cube import GroupCube

    if opened.table is None or not isinstance(cube, GroupCube) or not _needed(run):
        return None
    before = window_before(run)
    if before is None:
        return None
    try:
        return _collect(run, before, cube)
    except (BadInput, DomainError) as problem:
        logger.warning("No returning people were counted for run %s: %s", run.pk, problem)
        return None


def _needed(run: Run) -> bool:
    rules = AlertRule.objects.filter(plan=run.plan_id, active=True, evidence=AlertEvidence.GROUPS)
    scheduled = run.purpose == RunPurpose.SCHEDULED
    return scheduled and "subject" in run.plan.columns and rules.exists()


def _collect(run: Run, before: Run, cube: GroupCube) -> dict[str, Any] | None:
    from audits.sources.opening import open_input
    from methods.fairness.panel import collect_returning

    parameters = run.plan.parameters
    if parameters.get("above_median"):
        return None
    earlier = window_before(before)
    span = copy.copy(run)
    span.window_start = (earlier or before).window_start
    with open_input(span) as opened:
        table = _joined(span, opened)
        if table is None or "occurred_at" not in table.columns:
            return None
        positive = parameters.get("positive")
        panel = collect_returning(
            (_part(table, run), _part(table, before), _part(table, earlier) if earlier else None),
            cube,
            run.plan.columns,
            positive=None if positive is None else str(positive),
            threshold=parameters.get("threshold"),
        )
    return {
        "before": str(before.pk),
        "returning": panel.returning,
        "returning_later": panel.returning_later,
        "margins": [
            {
                "by": list(by),
                "keys": [list(key) for key in sums],
                "sums": [value.tolist() for value in sums.values()],
            }
            for by, sums in panel.sums.items()
        ],
    }


def _joined(span: Run, opened: OpenInput) -> Any:
    """The table of the rows that count, as the run itself reads them; None without rows."""
    if span.plan.vault_attributes:
        from audits.vault.joining import join_attributes

        opened = join_attributes(opened, span)
    table = opened.table
    if table is None:
        return None
    labels = [name for name in span.plan.columns.get("y_true", []) if name in table.columns]
    return table.filter([table[name].notnull() for name in labels]) if labels else table


def _part(table: Any, run: Run) -> Any:
    moment = table.occurred_at
    return table.filter(moment >= run.window_start, moment < run.window_end)


def lasting_share(panel: Mapping[str, Any] | None) -> float | None:
    """Return the share of returning people who are still there a window later.

    Estimated as those shared with the window before last over those shared with the last: 1 for
    a fixed panel whatever part of it comes on a day, 0.9 when a tenth is replaced every window.
    """
    if not panel or not panel.get("returning") or panel.get("returning_later") is None:
        return None
    return min(float(panel["returning_later"]) / float(panel["returning"]), 1.0)


def shared_by_pair(
    panel: Mapping[str, Any], cube: GroupCube, before: GroupCube, pairs: Iterable[Pair]
) -> dict[Pair, float]:
    """Return, for each pair, the covariance of its contrasts in the two windows."""
    import numpy as np

    from methods.fairness.evidence import shared_variance

    nobody = np.zeros((4, 4))
    sums = {
        tuple(margin["by"]): {
            tuple(key): np.array(value)
            for key, value in zip(margin["keys"], margin["sums"], strict=True)
        }
        for margin in panel["margins"]
    }
    found: dict[Pair, float] = {}
    for pair in pairs:
        if pair.to is None or pair.by not in before.margins:
            continue
        keys, own = cube.margins[pair.by].keys, sums.get(pair.by, {})
        found[pair] = shared_variance(
            cube,
            before,
            pair,
            own.get(keys[pair.of], nobody),
            own.get(keys[pair.to], nobody),
        )
    return found
