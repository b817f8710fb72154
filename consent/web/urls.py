"""Pages of the person's side and of those who look after it."""

from django.urls import URLPattern, URLResolver, path

from consent.api.receipts import key_set
from consent.web import (
    check_receipt,
    complaints,
    held,
    imports,
    notices,
    playground,
    preferences,
    rates,
    recipients,
    staff,
    subject,
    why,
    widget,
    withdraw,
)

app_name = "consent"
urlpatterns: list[URLPattern | URLResolver] = [
    path(".well-known/jwks.json", key_set, name="keys"),
    path("preferences/", preferences.preference_centre, name="preferences"),
    path("preferences/held/", held.held, name="held"),
    path("preferences/withdraw/", withdraw.withdraw, name="withdraw"),
    path("preferences/why/", why.why, name="why"),
    path("receipts/check/", check_receipt.check, name="check-receipt"),
    path("preferences/receipts/<uuid:event_id>/", preferences.receipt, name="receipt"),
    path("widget/v1/tactful-choices.js", widget.widget, name="widget"),
    path("consent/complaints/", complaints.complaints, name="complaints"),
    path("consent/complaints/<uuid:complaint_id>/", complaints.complaint, name="complaint"),
    path("consent/", rates.rates, name="rates"),
    path("consent/rates.csv", rates.rates_csv, name="rates-csv"),
    path("consent/imports/", imports.imports, name="imports"),
    path("consent/imports/<uuid:batch_id>/", imports.import_detail, name="import"),
    path("consent/imports/<uuid:batch_id>/apply/", imports.import_apply, name="import-apply"),
    path("consent/imports/<uuid:batch_id>/errors/", imports.import_errors, name="import-errors"),
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
