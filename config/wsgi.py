"""The web server's entry: Django behind the check's own doors."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from django.conf import settings  # noqa: E402  (models must be ready first)

from consent.fastpath.counted import tell_counts  # noqa: E402
from consent.fastpath.front import Front  # noqa: E402
from consent.fastpath.samples import samples_of  # noqa: E402
from consent.fastpath.serving import serving_of_process  # noqa: E402
from consent.slowpath.wsgi import DecisionDoors  # noqa: E402

doors = DecisionDoors(django_application)
application = Front(doors, serving_of_process(), samples_of(doors, settings.SAMPLE_EVERY))
tell_counts(application)
