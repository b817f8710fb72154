"""The form of an alert rule: limits and shifts as people write them, roles to choose from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms

from audits.choices import AlertAction, AlertDetector, AlertPairs, AlertSide
from audits.models import AlertRule, Plan
from governance.people.choices import Role

HOUR = timedelta(hours=1)


def _slice(text: str) -> dict[str, str]:
    """Read `sex=female, race=Black`."""
    parts = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not sign for _name, sign, _value in parts):
        raise forms.ValidationError("A group reads column=value, such as sex=female.")
    return {name.strip(): value.strip() for name, _sign, value in parts}


def _told(group: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in group.items())


class RuleForm(forms.Form):
    """What is watched, how sure an alert must be, what it sets off."""

    metric = forms.ChoiceField()
    side = forms.ChoiceField(choices=AlertSide.choices, label="The metric shall be")
    limit = forms.FloatField(help_text="A ratio within 1.25 lies between 0.80 and 1.25.")
    shift = forms.FloatField(
        label="To be seen soon",
        help_text="How far beyond the limit; for a ratio a factor, such as 1.1. "
        "The smaller, the later an alert.",
    )
    of = forms.CharField(
        required=False, label="Only this group", help_text="Such as sex=female; empty: all pairs."
    )
    to = forms.CharField(required=False, label="Against this group")
    threshold = forms.FloatField(
        label="Evidence for an alert",
        help_text="3,650 to 1 allows false alarms in at most 4.9 % of half years of daily windows.",
    )
    watch = forms.FloatField(label="Evidence for watching")
    calm = forms.IntegerField(min_value=1, label="Calm windows until it has recovered")
    least_subjects = forms.IntegerField(min_value=2, label="People needed on each side")
    detector = forms.ChoiceField(choices=AlertDetector.choices)
    lasting = forms.FloatField(
        required=False,
        min_value=0,
        max_value=1,
        label="Returning people still there a window later",
        help_text="1 for a fixed panel; empty: measured from window to window.",
    )
    action = forms.ChoiceField(choices=AlertAction.choices, label="An alert will")
    destinations = forms.MultipleChoiceField(
        choices=Role.choices, widget=forms.CheckboxSelectMultiple, label="Tell"
    )
    escalate_hours = forms.FloatField(
        required=False, min_value=0.1, label="Escalate after hours without an answer"
    )
    escalate_to = forms.MultipleChoiceField(
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="Then tell",
    )
    active = forms.BooleanField(required=False, label="In force")
    people = forms.IntegerField(
        required=False,
        min_value=20,
        label="People a window, as planned",
        help_text="Used for the delay to expect until windows have been measured.",
    )
    reason = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Why it may be weaker",
        help_text="Needed when the rule would say less, later, or set off less.",
    )

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        from methods import catalogue

        metrics = catalogue.get(plan.method).metrics()
        field = self.fields["metric"]
        field.choices = [(name, name.replace("_", " ").capitalize()) for name in metrics]  # type: ignore[attr-defined]

    def clean_of(self) -> dict[str, str]:
        return _slice(self.cleaned_data["of"])

    def clean_to(self) -> dict[str, str]:
        return _slice(self.cleaned_data["to"])

    def settings(self) -> dict[str, Any]:
        """What the form says, as `save_rule` takes it."""
        data = dict(self.cleaned_data)
        of, to = data.pop("of"), data.pop("to")
        hours = data.pop("escalate_hours")
        for name in ("people", "reason"):
            data.pop(name)
        return {
            **data,
            "pairs": AlertPairs.ONE if of or to else AlertPairs.ALL,
            "pair": {"of": of, "to": to} if of or to else {},
            "escalate_after": hours * HOUR if hours else None,
        }


def initial_of(rule: AlertRule) -> dict[str, Any]:
    """What the form shows of a rule."""
    names = ("metric", "side", "limit", "shift", "threshold", "watch", "calm", "least_subjects")
    more = ("detector", "lasting", "action", "destinations", "escalate_to", "active")
    return {
        **{name: getattr(rule, name) for name in (*names, *more)},
        "of": _told(rule.pair.get("of", {})),
        "to": _told(rule.pair.get("to", {})),
        "escalate_hours": rule.escalate_after / HOUR if rule.escalate_after else None,
    }
