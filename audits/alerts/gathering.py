"""From a finished run to the evidence its alerts weigh: its stored cube, or its measurements.

Reads rows and changes none; which state follows is decided in `weighing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from audits.alerts.panels import lasting_share, shared_by_pair
from audits.alerts.streams import Watch, Watched, group_windows, measured_windows, watched_pairs
from audits.choices import AlertEvidence, AlertSide
from audits.models import AlertRule, Run, RunCube
from governance.core.errors import Invalid

if TYPE_CHECKING:
    from methods.fairness.contrasts import Pair
    from methods.fairness.cube import GroupCube
    from methods.statistics.alerts import Rule, Window


def watch_of(rule: AlertRule) -> Watch:
    """Return what a rule compares; a reference group is the plan's own."""
    reference: dict[str, str] = {}
    parameters = rule.plan.parameters
    if parameters.get("method") == "to_reference" and not rule.pair:
        given = parameters.get("reference")
        reference = dict(given) if isinstance(given, dict) else {"": str(given)}
    return Watch(
        metric=rule.metric,
        log=rule.log,
        within=rule.side == AlertSide.WITHIN,
        of=rule.pair.get("of", {}),
        to=rule.pair.get("to", {}),
        reference=reference,
    )


def statistics_of(rule: AlertRule) -> Rule:
    """Return the rule as the statistics read it; refused in words where it makes no sense."""
    from methods.statistics.alerts import Rule

    try:
        return Rule(
            limit=rule.limit,
            shift=rule.shift,
            side=rule.side,  # type: ignore[arg-type]  # the database holds the three words
            log=rule.log,
            threshold=rule.threshold,
            watch=rule.watch,
            calm=rule.calm,
            least_subjects=rule.least_subjects,
            detector=rule.detector,  # type: ignore[arg-type]
            lasting=1.0 if rule.lasting is None else rule.lasting,
        )
    except ValueError as problem:
        raise Invalid(str(problem)) from None


@dataclass
class RunEvidence:
    """What one finished run says of every rule of its plan; `before` is the window before it."""

    run: Run
    before: Run | None = None

    @property
    def version(self) -> str:
        return self.run.version.key if self.run.version else ""

    @cached_property
    def stored(self) -> RunCube | None:
        return RunCube.objects.filter(run=self.run).first()

    @cached_property
    def cube(self) -> GroupCube | None:
        return _group_cube(self.run) if self.stored else None

    @property
    def sha256(self) -> str:
        """The digest of the stored cube, of the report where none is kept."""
        from audits.services.publishing import digest_of

        return self.stored.sha256 if self.stored else digest_of(self.run.report or {})

    @property
    def lasting(self) -> float | None:
        """The share of returning people still there a window later, where a panel was seen."""
        return lasting_share(self.stored.panel) if self.stored else None

    def windows(self, rule: AlertRule) -> dict[Watched, Window]:
        """Return what the run says of every stream of a rule."""
        watch, start = watch_of(rule), self.run.window_start
        if rule.evidence == AlertEvidence.INTERVAL:
            rows: list[dict[str, Any]] = (self.run.report or {}).get("measurements", [])
            return measured_windows(rows, watch, start=start, version=self.version)
        if self.cube is None:
            return {}
        return group_windows(
            self.cube, watch, start=start, version=self.version, shared=self._shared(watch)
        )

    def _shared(self, watch: Watch) -> dict[Pair, float]:
        """What returning people add to the covariance with the window before, pair by pair."""
        panel = self.stored.panel if self.stored else None
        if panel is None or self.cube is None or self.before is None:
            return {}
        if panel.get("before") != str(self.before.pk):
            return {}
        earlier = _group_cube(self.before)
        if earlier is None:
            return {}
        pairs: Iterable[Pair] = (pair for _watched, pair in watched_pairs(self.cube, watch))
        return shared_by_pair(panel, self.cube, earlier, pairs)


def _group_cube(run: Run) -> GroupCube | None:
    from audits.cubes import load_cube
    from methods.fairness.cube import GroupCube

    try:
        cube = load_cube(run)
    except Invalid:
        return None
    return cube if isinstance(cube, GroupCube) else None
