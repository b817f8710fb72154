"""Django's entry to this room."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "governance.reviews"
    default_auto_field = "django.db.models.BigAutoField"
