"""REST routes of this room."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from audits.api.alerts import AlertRules, Alerts
from audits.api.batches import OutcomeBatches, OutputBatches
from audits.api.findings import Findings
from audits.api.plan_schema import PlanFileSchema
from audits.api.plans import PlanChanges, Plans
from audits.api.reports import PlanReport, RunReport
from audits.api.runs import Backfills, Runs
from audits.api.sources import Sources
from audits.api.vault import VaultAttributes

router = SimpleRouter(trailing_slash=False)
router.register("sources", Sources, basename="api-source")
router.register("vault/attributes", VaultAttributes, basename="api-vault-attribute")
router.register("outputs", OutputBatches, basename="api-output")
router.register("outcomes", OutcomeBatches, basename="api-outcome")
router.register("plans", Plans, basename="api-plan")
router.register("plan-changes", PlanChanges, basename="api-plan-change")
router.register("runs", Runs, basename="api-run")
router.register("backfills", Backfills, basename="api-backfill")
router.register("alerts", Alerts, basename="api-alert")
router.register("alert-rules", AlertRules, basename="api-alert-rule")
router.register("findings", Findings, basename="api-finding")

urlpatterns = [
    path("plan-file-schema", PlanFileSchema.as_view(), name="api-plan-file-schema"),
    path("runs/<uuid:run_id>/report", RunReport.as_view(), name="api-run-report"),
    path("plans/<slug:key>/report", PlanReport.as_view(), name="api-plan-report"),
    path("", include(router.urls)),
]
