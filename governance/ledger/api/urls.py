"""API routes of the ledger."""

from django.urls import path

from governance.ledger.api.views import CheckpointView, ProofView

urlpatterns = [
    path("ledger/checkpoint", CheckpointView.as_view(), name="ledger-checkpoint"),
    path("ledger/proof/<int:position>", ProofView.as_view(), name="ledger-proof"),
]
