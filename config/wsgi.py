"""The web server's entry: Django behind the check's own doors."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from consent.slowpath.wsgi import DecisionDoors  # noqa: E402  (models must be ready first)

application = DecisionDoors(django_application)
