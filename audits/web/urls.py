"""Routes of the audit pages."""

from django.urls import path

from audits.web import (
    alert_rules,
    alerts,
    comparisons,
    findings,
    intake,
    outputs,
    plans,
    reports,
    runs,
    sources,
    vault,
)
from audits.web.editor.urls import urlpatterns as editor_urls

urlpatterns = [
    path("audits/alerts/", alerts.alert_list, name="audit_alerts"),
    path("audits/alerts/<uuid:alert_id>/", alerts.alert, name="audit_alert"),
    path(
        "audits/alerts/<uuid:alert_id>/acknowledge/",
        alerts.acknowledge,
        name="audit_alert_acknowledge",
    ),
    path("audits/alerts/<uuid:alert_id>/assign/", alerts.assign, name="audit_alert_assign"),
    path("audits/alerts/<uuid:alert_id>/resolve/", alerts.resolve, name="audit_alert_resolve"),
    path("audits/alerts/streams/<uuid:stream_id>/", alerts.stream, name="audit_alert_stream"),
    path("audits/alerts/mutes/", alerts.mute, name="audit_alert_mute"),
    path("audits/alerts/mutes/<uuid:mute_id>/lift/", alerts.unmute, name="audit_alert_unmute"),
    path("audits/alerts/rules/<uuid:rule_id>/", alert_rules.rule, name="audit_alert_rule"),
    path("audits/plans/<slug:key>/alerts/new/", alert_rules.new_rule, name="audit_alert_rule_new"),
    path(
        "audits/plans/<slug:key>/alerts/expected/",
        alert_rules.expected,
        name="audit_alert_expected",
    ),
    path(
        "audits/plans/<slug:key>/alerts/derive/",
        alert_rules.derive,
        name="audit_alert_rules_derive",
    ),
    path("audits/", plans.plan_list, name="audits"),
    *editor_urls,
    path("audits/plans/<slug:key>/", plans.plan, name="audit_plan"),
    path("audits/plans/<slug:key>/run/", plans.run_now, name="audit_plan_run"),
    path("audits/plans/<slug:key>/pause/", plans.pause, name="audit_plan_pause"),
    path("audits/plans/<slug:key>/resume/", plans.resume, name="audit_plan_resume"),
    path("audits/runs/<uuid:run_id>/", runs.run, name="audit_run"),
    path("audits/runs/<uuid:run_id>/progress/", runs.progress, name="audit_run_progress"),
    path("audits/runs/<uuid:run_id>/cancel/", runs.cancel, name="audit_run_cancel"),
    path("audits/runs/<uuid:run_id>/again/", runs.again, name="audit_run_again"),
    path("audits/runs/<uuid:run_id>/what-if/", comparisons.what_if, name="audit_run_what_if"),
    path("audits/runs/<uuid:run_id>/report.pdf", runs.export_pdf, name="audit_run_pdf"),
    path("audits/runs/<uuid:run_id>/report.html", runs.export_html, name="audit_run_html"),
    path("audits/plans/<slug:key>/report/", reports.plan_report, name="audit_plan_report"),
    path(
        "audits/plans/<slug:key>/report.html",
        reports.plan_report_html,
        name="audit_plan_report_html",
    ),
    path(
        "audits/plans/<slug:key>/report.pdf", reports.plan_report_pdf, name="audit_plan_report_pdf"
    ),
    path("audits/compare/", comparisons.compare, name="audit_compare"),
    path("audits/runs/<uuid:run_id>/report.json", runs.export_json, name="audit_run_json"),
    path("audits/runs/<uuid:run_id>/report.csv", runs.export_csv, name="audit_run_csv"),
    path("audits/findings/", findings.finding_list, name="audit_findings"),
    path("audits/findings/export.csv", findings.export, name="audit_findings_csv"),
    path("audits/findings/<uuid:finding_id>/", findings.finding, name="audit_finding"),
    path(
        "audits/findings/<uuid:finding_id>/remediations/",
        findings.plan_remediation,
        name="audit_remediation_plan",
    ),
    path(
        "audits/findings/<uuid:finding_id>/remediations/<uuid:remediation_id>/move/",
        findings.move_remediation,
        name="audit_remediation_move",
    ),
    path(
        "audits/findings/<uuid:finding_id>/remediations/<uuid:remediation_id>/measure/",
        findings.measure_remediation,
        name="audit_remediation_measure",
    ),
    path("audits/findings/<uuid:finding_id>/move/", findings.move, name="audit_finding_move"),
    path("audits/findings/<uuid:finding_id>/assign/", findings.assign, name="audit_finding_assign"),
    path("audits/outputs/", outputs.output_list, name="audit_outputs"),
    path("audits/outputs/upload/", outputs.upload, name="audit_outputs_upload"),
    path("audits/sources/new/", sources.new_source, name="audit_source_new"),
    path("audits/sources/<slug:system>/<slug:key>/", sources.source, name="audit_source"),
    path(
        "audits/sources/<slug:system>/<slug:key>/check/", sources.check, name="audit_source_check"
    ),
    path(
        "audits/sources/<slug:system>/<slug:key>/pause/", sources.pause, name="audit_source_pause"
    ),
    path(
        "audits/sources/<slug:system>/<slug:key>/resume/",
        sources.resume,
        name="audit_source_resume",
    ),
    path(
        "audits/sources/<slug:system>/<slug:key>/delete/",
        sources.delete,
        name="audit_source_delete",
    ),
    path(
        "audits/sources/<slug:system>/<slug:key>/columns/",
        intake.place_columns,
        name="audit_source_columns",
    ),
    path(
        "audits/sources/<slug:system>/<slug:key>/upload/", intake.upload, name="audit_source_upload"
    ),
    path("audits/uploads/<uuid:staged_id>/", intake.upload_columns, name="audit_upload"),
    path(
        "audits/uploads/<uuid:staged_id>/checks/", intake.upload_checks, name="audit_upload_checks"
    ),
    path("audits/uploads/<uuid:staged_id>/discard/", intake.discard, name="audit_upload_discard"),
    path("audits/vault/", vault.attribute_list, name="audit_vault"),
    path("audits/vault/new/", vault.new_attribute, name="audit_vault_new"),
    path("audits/vault/<slug:key>/", vault.attribute, name="audit_vault_attribute"),
    path("audits/vault/<slug:key>/load/", vault.load, name="audit_vault_load"),
    path("audits/vault/<slug:key>/inferred/", vault.allow_inferred, name="audit_vault_inferred"),
    path("audits/vault/<slug:key>/<slug:act>/", vault.step, name="audit_vault_step"),
]
