"""The project's settings with what the DRF peer needs: token authentication, little in front.

Only the middleware that an installed app insists on runs, and connections stay open, so that the
peer is shown at its best.
"""

from typing import Any

from config import settings as ours
from config.settings import *  # noqa: F403  (Django reads its settings from a module's names)

INSTALLED_APPS = [*ours.INSTALLED_APPS, "rest_framework.authtoken"]
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
ROOT_URLCONF = "benchmarks.peers.drf_check"
_default: dict[str, Any] = ours.DATABASES["default"]
DATABASES = {
    "default": {
        **_default,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {"application_name": "benchmark-drf"},
    }
}
