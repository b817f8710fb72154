"""The decision's doors without the shared table: every check asks PostgreSQL."""

from django.core.wsgi import get_wsgi_application

django_application = get_wsgi_application()

from consent.slowpath.wsgi import DecisionDoors  # noqa: E402  (models must be ready first)

application = DecisionDoors(django_application)
