"""The web server's entry: Django behind the check's own doors."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from consent.fastpath.front import Front  # noqa: E402  (models must be ready first)
from consent.fastpath.serving import serving_of_process  # noqa: E402
from consent.slowpath.wsgi import DecisionDoors  # noqa: E402

application = Front(DecisionDoors(django_application), serving_of_process())
