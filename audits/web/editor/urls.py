"""Routes that make and change plans; they stand before that of a plan's own page."""

from django.urls import path

from audits.web import backfills, editing

urlpatterns = [
    path("audits/plans/new/", editing.new_plan, name="audit_plan_new"),
    path("audits/plans/choose/", editing.choose_metrics, name="audit_plan_choose"),
    path("audits/plans/<slug:key>/change/", editing.change_plan, name="audit_plan_change"),
    path(
        "audits/plans/<slug:key>/changes/<uuid:change_id>/",
        editing.decide_change,
        name="audit_plan_change_decide",
    ),
    path("audits/plans/<slug:key>/plan.yaml", editing.export_yaml, name="audit_plan_yaml"),
    path("audits/plans/<slug:key>/backfill/", backfills.ask, name="audit_plan_backfill"),
    path("audits/backfills/<uuid:backfill_id>/", backfills.progress, name="audit_backfill"),
    path(
        "audits/backfills/<uuid:backfill_id>/cancel/",
        backfills.cancel,
        name="audit_backfill_cancel",
    ),
]
