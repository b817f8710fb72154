"""Routes of the incident pages."""

from django.urls import path

from incidents.web import (
    actions,
    clocks,
    metrics,
    pages,
    playbooks,
    post_mortems,
    red_lines,
    reports,
    targets,
)

urlpatterns = [
    path("incidents/", pages.board, name="incidents"),
    path("incidents/metrics/", metrics.metrics, name="incident_metrics"),
    path("incidents/playbooks/", playbooks.playbooks, name="playbooks"),
    path("incidents/playbooks/import/", playbooks.import_file, name="playbook_import"),
    path("incidents/playbooks/<slug:key>/", playbooks.playbook, name="playbook"),
    path("incidents/playbooks/<slug:key>/yaml/", playbooks.export, name="playbook_yaml"),
    path("incidents/red-lines/", red_lines.red_lines, name="red_lines"),
    path(
        "incidents/red-lines/<uuid:line_id>/withdraw/",
        red_lines.withdraw,
        name="red_line_withdraw",
    ),
    path("incidents/targets/", targets.targets, name="serving_targets"),
    path(
        "incidents/targets/<uuid:target_id>/active/",
        targets.set_active,
        name="serving_target_active",
    ),
    path("incidents/new/", reports.report, name="incident_report"),
    path("incidents/reports/", reports.report_list, name="harm_reports"),
    path("incidents/reports/<uuid:report_id>/", reports.harm_report, name="harm_report"),
    path("incidents/reports/<uuid:report_id>/decide/", reports.decide, name="harm_report_decide"),
    path(
        "incidents/<str:reference>/post-mortem/",
        post_mortems.post_mortem,
        name="incident_post_mortem",
    ),
    path(
        "incidents/<str:reference>/post-mortem/write/",
        post_mortems.write,
        name="incident_post_mortem_write",
    ),
    path(
        "incidents/<str:reference>/post-mortem/actions/",
        post_mortems.add_action,
        name="incident_action_add",
    ),
    path(
        "incidents/<str:reference>/post-mortem/actions/<uuid:action_id>/",
        post_mortems.move_action,
        name="incident_action_move",
    ),
    path(
        "incidents/<str:reference>/post-mortem/freeze/",
        post_mortems.freeze,
        name="incident_post_mortem_freeze",
    ),
    path("post-mortems/", post_mortems.published, name="published_post_mortems"),
    path("post-mortems/feed.atom", post_mortems.atom, name="post_mortems_atom"),
    path("post-mortems/feed.json", post_mortems.json_feed, name="post_mortems_json"),
    path("post-mortems/<str:reference>/", post_mortems.published_one, name="published_post_mortem"),
    path(
        "post-mortems/<str:reference>/document.json",
        post_mortems.published_json,
        name="published_post_mortem_json",
    ),
    path("report-a-harm/", reports.public_report, name="public_harm_report"),
    path("incidents/<str:reference>/", pages.incident, name="incident"),
    path("incidents/<str:reference>/command/", actions.command, name="incident_command"),
    path("incidents/<str:reference>/move/", actions.move, name="incident_move"),
    path(
        "incidents/<str:reference>/containment/",
        targets.containment,
        name="incident_containment",
    ),
    path("incidents/<str:reference>/reopen/", actions.reopen, name="incident_reopen"),
    path("incidents/<str:reference>/cause/", actions.cause, name="incident_cause"),
    path("incidents/<str:reference>/lift/", actions.lift, name="incident_lift"),
    path("incidents/<str:reference>/steps/<int:position>/", actions.step, name="incident_step"),
    path("incidents/<str:reference>/evidence.json", pages.evidence, name="incident_evidence"),
    path("incidents/<str:reference>/duties/none/", clocks.rule_out, name="incident_clock_rule_out"),
    path(
        "incidents/<str:reference>/duties/<slug:regime_key>/start/",
        clocks.start,
        name="incident_clock_start",
    ),
    path(
        "incidents/<str:reference>/clocks/<uuid:clock_id>/correct/",
        clocks.correct,
        name="incident_clock_correct",
    ),
    path(
        "incidents/<str:reference>/clocks/<uuid:clock_id>/report/",
        clocks.file,
        name="incident_clock_file",
    ),
    path(
        "incidents/<str:reference>/clocks/<uuid:clock_id>/report.json",
        clocks.export,
        name="incident_clock_json",
    ),
]
