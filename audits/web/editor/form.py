"""The form of a plan: what is asked, how it is measured, columns, limits, dates, who is told.

Fields follow the chosen method and source. It reads and judges what was typed; `filling` writes
what is typed beforehand, and the services decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from pydantic import ValidationError as ParameterError

from audits import chooser
from audits.choices import TAKEN_PLAN_KEYS, OnBreach, PlanWeight
from audits.models import Plan, Source
from audits.presets import PRESETS
from audits.web.editor import parameters as parts
from audits.web.editor.columns import column_fields, roles_of
from audits.web.editor.dates import LocalMoment, WordsOfTime, check_zone, in_zone
from audits.web.editor.known import Known, known_of
from audits.web.editor.limits import LimitForm, limit_forms
from audits.web.editor.quiet import QuietForm, text
from audits.windows import check_cron
from governance.core.actors import Actor
from governance.core.models import KEY_PATTERN
from governance.people.models import User
from governance.registry.models import ModelVersion, System

ONLY_ALERTS_HOLD = (
    "Hold the system when an alert fires. One window beyond its limit never holds anything: only "
    "an alert may, because its evidence stays honest however often one looks."
)
BREACHES = [
    (OnBreach.FINDING, "Record a finding. Those who decide on findings see it on their desk."),
    (
        OnBreach.OPEN_INCIDENT,
        "Open an incident as well. Nothing is held: the incident commander decides.",
    ),
    (OnBreach.AUTO_CONTAIN, ONLY_ALERTS_HOLD),
]
#: What never changes once a plan is made.
FIXED_FIELDS = ("method", "starts_at", "backfill")
RHYTHMS = [("interval", "One window every so often"), ("cron", "By a cron expression")]


class PlanEditor(QuietForm):
    """One page from question to schedule; nothing typed is lost when it is drawn again."""

    title = forms.CharField(
        max_length=200, label="The question this plan answers", widget=text(maxlength=200)
    )
    key = forms.RegexField(
        KEY_PATTERN,
        label="Key",
        widget=text(maxlength=63),
        help_text="A short name for addresses and files, such as equal-selection.",
        error_messages={
            "invalid": "Lower-case letters and digits, with - and _ between, 63 signs at most."
        },
    )
    system = forms.ModelChoiceField(
        queryset=System.objects.none(),
        to_field_name="key",
        empty_label="Choose a system",
        help_text="Its sources, versions and columns are then offered below.",
    )
    source = forms.ModelChoiceField(
        queryset=Source.objects.none(),
        to_field_name="key",
        required=False,
        empty_label="Everything that is sent for the system",
    )
    version = forms.ModelChoiceField(
        queryset=ModelVersion.objects.none(),
        to_field_name="key",
        required=False,
        empty_label="The version that serves when a window is scheduled",
    )
    method = forms.ChoiceField(
        help_text="Roles, parameters and metrics below are those of the method."
    )
    limits_note = forms.CharField(
        required=False,
        label="How the limits were chosen",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Knowing the data or not? From a norm, or from the system's own past?",
    )
    rhythm = forms.ChoiceField(
        choices=RHYTHMS, widget=forms.RadioSelect, label="When a window begins"
    )
    every = WordsOfTime(
        required=False,
        label="Every",
        at_least=timedelta(minutes=1),
        help_text="Such as 1 day, 6 hours, 2 weeks.",
    )
    length = WordsOfTime(
        required=False,
        label="Length of a window",
        at_least=timedelta(minutes=1),
        help_text="Empty: until the next begins.",
    )
    cron = forms.CharField(
        required=False,
        label="Cron expression",
        widget=text(),
        help_text="Minute, hour, day, month, weekday, such as 0 6 * * 1: Mondays at six. "
        "A window lasts until the next.",
    )
    zone = forms.CharField(
        max_length=64,
        label="Time zone",
        widget=text(list="zones"),
        validators=[check_zone],
        help_text="Days begin at its midnight.",
    )
    starts_at = LocalMoment(label="The first window begins", help_text="In the time zone above.")
    ends_at = LocalMoment(required=False, label="The last window ends", help_text="Empty: no end.")
    lateness = WordsOfTime(
        required=False, label="Wait for late rows", help_text="Such as 6 hours; empty: not at all."
    )
    label_maturity = WordsOfTime(
        required=False,
        label="Wait for labels",
        help_text="Until what was right is known, such as 7 days.",
    )
    backfill = forms.BooleanField(
        required=False, label="Also audit windows that ended before today"
    )
    planned_looks = forms.IntegerField(
        min_value=1,
        max_value=10_000,
        required=False,
        label="Planned looks",
        help_text="Intervals are widened for that many looks at the data. Empty: each window is "
        "judged by itself, and some of many good windows will fail by chance.",
    )
    time_limit = WordsOfTime(
        label="A run may take",
        at_least=timedelta(seconds=10),
        help_text="Longer runs are stopped.",
    )
    weight = forms.ChoiceField(
        choices=PlanWeight.choices, help_text="Heavy audits wait in a queue of their own."
    )
    owner = forms.ModelChoiceField(
        queryset=User.objects.none(),
        required=False,
        empty_label="nobody",
        help_text="Findings of the plan are theirs first.",
    )
    on_breach = forms.ChoiceField(
        choices=BREACHES, widget=forms.RadioSelect, label="When something is beyond a limit"
    )
    suppress_below = forms.IntegerField(
        min_value=0,
        max_value=1_000,
        label="Hide cells of fewer people than",
        help_text="So that nobody is singled out by a number. 0 hides nothing.",
    )
    people = forms.IntegerField(
        min_value=1,
        required=False,
        label="People a window, in the smallest group",
        help_text="What you expect; only for the preview.",
    )
    share = forms.FloatField(
        min_value=0.0001,
        max_value=0.9999,
        required=False,
        label="Share selected (for prices: spread over mean)",
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text="Such as 0.30.",
    )
    groups = forms.IntegerField(
        min_value=2, max_value=500, required=False, label="Groups compared", help_text="Such as 2."
    )
    reason = forms.CharField(
        required=False,
        label="Why it is changed",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Who decides, and whoever reads the plan's history, will see it.",
    )

    def __init__(
        self,
        data: QueryDict,
        *,
        systems: QuerySet[System],
        actor: Actor,
        plan: Plan | None = None,
        quiet: bool = False,
    ) -> None:
        from methods import catalogue

        super().__init__(data, quiet=quiet)
        self.plan, self.actor = plan, actor
        self.fields["system"].queryset = systems  # type: ignore[attr-defined]
        keys = catalogue.keys()
        self.fields["method"].choices = [  # type: ignore[attr-defined]
            (key, catalogue.get(key).title) for key in keys
        ]
        wanted = plan.method if plan else data.get("method", "")
        self.chosen_method = catalogue.get(wanted if wanted in keys else keys[0])
        self.chosen_system = plan.system if plan else self._system(systems)
        self.chosen_source = self._of_system()
        self.known: Known = known_of(self.chosen_system, self.chosen_source)
        self.parameters = parts.parameters_of(self.chosen_method.Parameters.model_json_schema())
        self.fields.update({one.name: one.field for one in self.parameters})
        self.fields.update(column_fields(self.chosen_method.roles, self.known, data))
        for one in self.parameters:
            if one.path[-1] == "metric":
                one.field.widget.attrs["list"] = "metrics"
        self.limit_forms: list[LimitForm] = limit_forms(
            data, self.chosen_method.metrics(), quiet=quiet
        )
        self.fields["owner"].queryset = (  # type: ignore[attr-defined]
            User.objects.filter(is_active=True).order_by("name", "email")
        )
        if plan is None:
            del self.fields["reason"]
        else:
            for name in (*FIXED_FIELDS, "key", "system"):
                del self.fields[name]

    def _system(self, systems: QuerySet[System]) -> System | None:
        return systems.filter(key=self.data.get("system", "")).first()

    def _of_system(self) -> Source | None:
        sources = Source.objects.filter(system=self.chosen_system)
        versions = ModelVersion.objects.filter(system=self.chosen_system)
        if self.chosen_system is None:
            sources, versions = sources.none(), versions.none()
        self.fields["source"].queryset = sources  # type: ignore[attr-defined]
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]
        self.fields["version"].label_from_instance = lambda one: one.key  # type: ignore[attr-defined]
        return sources.filter(key=self.data.get("source", "")).first()

    # Judging

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"])
        if key in TAKEN_PLAN_KEYS:
            raise forms.ValidationError(f"“{key}” is the address of another page.")
        if Plan.objects.filter(key=key).exists():
            raise forms.ValidationError(f"There is already a plan “{key}”.")
        return key

    def clean_cron(self) -> str:
        cron = " ".join(str(self.cleaned_data["cron"]).split())
        wrong = check_cron(cron) if cron and self.data.get("rhythm") == "cron" else None
        if wrong:
            raise forms.ValidationError(wrong)
        return cron

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        self._clean_dates(values)
        self._clean_parameters(values)
        self._clean_roles(values)
        for row in self.limit_forms:
            if not row.is_valid():
                self.add_error(None, f"Limit {row.number + 1} is not complete: see beside it.")
        return values

    def _clean_dates(self, values: dict[str, Any]) -> None:
        wanted = {
            "cron": ("cron", "Write when windows begin, such as 0 6 * * *: daily at six."),
            "interval": ("every", "Say how often a window begins, such as 1 day."),
        }
        name, sentence = wanted.get(values.get("rhythm", ""), ("", ""))
        if name and not values.get(name) and name not in self.errors:
            self.add_error(name, sentence)
        starts, ends = values.get("starts_at"), values.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", "The end lies after the start.")

    def _clean_parameters(self, values: dict[str, Any]) -> None:
        given = parts.declared(self.parameters, values)
        looks = values.get("planned_looks")
        try:
            self.chosen_method.Parameters.model_validate(
                {**given, **({"looks": looks} if looks else {})}
            )
        except ParameterError as problems:
            for problem in problems.errors():
                name = parts.field_of_problem(problem["loc"], self.parameters)
                if name is None or name not in self.errors:
                    told = problem["msg"].removeprefix("Value error, ")
                    self.add_error(name, f"{told[:1].upper()}{told[1:]}.")

    def _clean_roles(self, values: dict[str, Any]) -> None:
        given = roles_of(self.chosen_method.roles, values)
        for role in self.chosen_method.roles.roles:
            name = f"col_{role.name}"
            if role.required and role.name not in given and name not in self.errors:
                self.add_error(name, f"The method cannot do without it: {role.meaning}.")

    # What is declared

    def declared(self) -> dict[str, Any]:
        """The fields of a plan, named as the services take them."""
        values = self.cleaned_data
        cron = values["cron"] if values["rhythm"] == "cron" else ""
        every = values["every"] or timedelta(days=1)
        columns = roles_of(self.chosen_method.roles, values)
        used = {name for names in columns.values() for name in names}
        limits = [row.declared() for row in self.limit_forms]
        same = (
            *("title", "source", "version", "limits_note", "zone", "backfill"),
            *("planned_looks", "time_limit", "weight", "owner", "on_breach", "suppress_below"),
        )
        found = {
            **{name: values.get(name) for name in same},
            "method": self.chosen_method.key,
            "parameters": self._declared_parameters(),
            "columns": columns,
            "vault_attributes": [
                key
                for key, _ in self.known.protected
                if key in used and key not in self.known.columns
            ],
            "limits": [one for one in limits if one is not None],
            "cron": cron,
            "every": every,
            "length": values["length"] or every,
            "starts_at": in_zone(values.get("starts_at"), values["zone"]),
            "ends_at": in_zone(values["ends_at"], values["zone"]),
            "lateness": values["lateness"] or timedelta(0),
            "label_maturity": values["label_maturity"] or timedelta(0),
            "preset": self.preset_key,
            "metric_choice": chooser.record(self.answers),
        }
        if self.plan is not None:
            # What never changes stays as the plan has it.
            found |= {name: getattr(self.plan, name) for name in (*FIXED_FIELDS, "preset")}
        return found

    def _declared_parameters(self) -> dict[str, Any]:
        """What was filled in; a plan that names a default outright goes on naming it."""
        found = parts.declared(self.parameters, self.cleaned_data)
        defaults = {one.path[0]: one.default for one in self.parameters if len(one.path) == 1}
        named = self.plan.parameters if self.plan else {}
        kept = {
            name: value
            for name, value in named.items()
            if name not in found and name in defaults and defaults[name] == value
        }
        return {**kept, **found}

    @property
    def preset_key(self) -> str:
        """The preset that filled the form, if one did."""
        key = str(self.data.get("preset", ""))
        return key if key in PRESETS else ""

    @property
    def answers(self) -> Mapping[str, str]:
        """What the metric chooser was told."""
        return chooser.kept({key: str(self.data.get(f"a_{key}", "")) for key in chooser.QUESTIONS})
