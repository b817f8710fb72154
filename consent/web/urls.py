"""Pages of the person's side and of those who look after it."""

from django.urls import URLPattern, URLResolver, path

from consent.api.receipts import key_set
from consent.web import (
    complaints,
    notices,
    playground,
    preferences,
    recipients,
    staff,
    subject,
    widget,
)

app_name = "consent"
urlpatterns: list[URLPattern | URLResolver] = [
    path(".well-known/jwks.json", key_set, name="keys"),
    path("preferences/", preferences.preference_centre, name="preferences"),
    path("preferences/held/", preferences.held, name="held"),
    path("preferences/receipts/<uuid:event_id>/", preferences.receipt, name="receipt"),
    path("widget/v1/tactful-choices.js", widget.widget, name="widget"),
    path("consent/complaints/", complaints.complaints, name="complaints"),
    path("consent/complaints/<uuid:complaint_id>/", complaints.complaint, name="complaint"),
    path("consent/", staff.rates, name="rates"),
    path("consent/try/", staff.open_as_test_person, name="try"),
    path("consent/notices/", notices.notices, name="notices"),
    path("consent/notices/new/", notices.edit_notice, name="notice-new"),
    path("consent/notices/<slug:key>/", notices.notice, name="notice"),
    path("consent/notices/<slug:key>/edit/", notices.edit_notice, name="notice-edit"),
    path("consent/notices/<slug:key>/preview/", notices.preview, name="notice-preview"),
    path("consent/notices/<slug:key>/publish/", notices.publish, name="notice-publish"),
    path("consent/notices/<slug:key>/discard/", notices.discard, name="notice-discard"),
    path("consent/playground/", playground.playground, name="playground"),
    path("consent/recipients/", recipients.recipients, name="recipients"),
    path("consent/subjects/", subject.subjects, name="subjects"),
    path("consent/subjects/export/", subject.export_subject, name="export-subject"),
    path("consent/subjects/restrict/", subject.restrict_subject, name="restrict-subject"),
    path("consent/subjects/erase/", subject.erase_subject, name="erase-subject"),
]
