"""Routes that make and change plans; they stand before that of a plan's own page."""

from django.urls import path

from audits.web import editing, plans

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
    path("audits/plans/<slug:key>/backfill/", plans.backfill, name="audit_plan_backfill"),
]
