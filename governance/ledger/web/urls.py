"""Pages of the ledger."""

from django.urls import path

from governance.ledger.web import views

app_name = "ledger"
urlpatterns = [
    path("evidence/", views.evidence, name="evidence"),
    path("evidence/bundle", views.bundle_file, name="bundle"),
    path("evidence/proof/<int:position>", views.proof_file, name="proof"),
    path("evidence/entry/<uuid:entry_id>/", views.entry_page, name="entry"),
]
