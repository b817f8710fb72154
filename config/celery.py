"""The Celery application: transport only; PostgreSQL is the truth."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("tactful")
app.config_from_object("config.celery_settings")
app.autodiscover_tasks()
