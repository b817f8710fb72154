"""The filters of the Evidence page."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django import forms

from governance.ledger.selectors import EntryFilter


class EvidenceFilter(forms.Form):
    """Filters kept in the address; a day means the whole day, UTC."""

    q = forms.CharField(required=False, max_length=200)
    verb = forms.CharField(required=False, max_length=80)
    object_type = forms.CharField(required=False, max_length=80)
    object_id = forms.CharField(required=False, max_length=200)
    actor = forms.CharField(required=False, max_length=120)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    def wanted(self) -> EntryFilter:
        """What to look for; a field that makes no sense does not narrow and says so in errors."""
        self.is_valid()
        data = self.cleaned_data
        since, until = data.get("since"), data.get("until")
        return EntryFilter(
            verb=data.get("verb", ""),
            object_type=data.get("object_type", ""),
            object_id=data.get("object_id", ""),
            actor=data.get("actor", ""),
            text=data.get("q", ""),
            since=datetime.combine(since, time(), UTC) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), UTC) if until else None,
        )
