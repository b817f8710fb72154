"""Django's settings, made from the table in `config.env`; the key ring fills in the secrets."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import django_stubs_ext

from config import env, keys

django_stubs_ext.monkeypatch()  # lets annotations such as CharField[str, str] stand at runtime

ROOT = env.ROOT
DEMO: bool = env.read("DEMO")
DATA_DIR: Path = env.read("DATA_DIR")
HOST: str = env.read("HOST")
PORT: int = env.read("PORT")
PUBLIC_URL: str = env.read("PUBLIC_URL") or f"http://{HOST}:{PORT}"
_PUBLIC = urlsplit(PUBLIC_URL)
STREAM_URL: str = (
    env.read("TACTFUL_STREAM_URL") or f"{_PUBLIC.scheme}://{_PUBLIC.hostname}:{PORT + 1}"
)
STREAM_LISTENERS: int = env.read("TACTFUL_STREAM_LISTENERS")
WEBHOOK_PRIVATE: bool = env.read("TACTFUL_WEBHOOK_PRIVATE") or DEMO
SAMPLE_EVERY: int = env.read("TACTFUL_SAMPLE_EVERY")
CONTROLLER_NAME: str = env.read("TACTFUL_CONTROLLER_NAME")
CONTROLLER_CONTACT: str = env.read("TACTFUL_CONTROLLER_CONTACT")
LOG_LEVEL: str = env.read("LOG_LEVEL")
STORAGE_URL: str = env.read("STORAGE_URL") or (DATA_DIR / "storage").as_uri()

KEYS = keys.KeyRing(DATA_DIR / "keys")
SECRET_KEY = KEYS.secret_key
DEBUG = False
ALLOWED_HOSTS = [
    urlsplit(PUBLIC_URL).hostname or HOST,
    HOST,
    "localhost",
    "127.0.0.1",
    *env.read("TACTFUL_ALLOWED_HOSTS"),
]

INSTALLED_APPS = [
    "config",
    "dashboard",
    "incidents",
    "audits",
    "consent",
    "governance.reviews",
    "governance.signals",
    "governance.registry",
    "governance.people",
    "governance.outbox",
    "governance.ledger",
    "governance.core",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_tables2",
    "django_htmx",
    "pgtrigger",
    "django_prometheus",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "governance.core.web.headers.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "governance.people.web.actor.AttachActor",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "governance.people.web.sessions.SessionLimits",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "governance.core.web.errors.DomainErrorPages",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context.frame",
            ],
            "builtins": [
                "dashboard.templatetags.tactful",
                "dashboard.templatetags.permitted",
                "dashboard.templatetags.wording",
            ],
        },
    }
]


def _database(url: str) -> dict[str, object]:
    """Read a postgresql:// URL; an empty one means the embedded server's socket."""
    if not url:
        from config.up.layout import Layout

        layout = Layout(DATA_DIR)
        role = layout.owner_role if env.read("TACTFUL_AS_OWNER") else layout.app_role
        place = {"HOST": str(layout.socket_dir), "PORT": str(layout.socket_port)}
        return {"NAME": layout.database, "USER": role, **place}
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))  # a socket folder can only be named as ?host=
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": asked.get("host", parts.hostname or ""),
        "PORT": asked.get("port", str(parts.port or "")),
    }


DATABASE_URL: str = env.read("DATABASE_URL")
if env.read("TACTFUL_AS_OWNER"):
    DATABASE_URL = env.read("DATABASE_OWNER_URL") or DATABASE_URL
DATABASES = {
    "default": {
        "ENGINE": "django_prometheus.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "tactful"},
        **_database(DATABASE_URL),
    }
}

CACHES = {
    "default": {  # sign-in throttles must count over all processes
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "people_shared_cache",
    },
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "governance.people.web.adapter.ClosedSignup"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "governance.people.web.adapter.EncryptedSecrets"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [ROOT / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_NAME = "__Host-session" if _HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _HTTPS else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HTTPS
SECURE_SSL_REDIRECT = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SILENCED_SYSTEM_CHECKS: list[str] = []

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "governance.people.api.authentication.ApiKeyAuthentication",
        "governance.people.api.authentication.BrowserSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["governance.people.api.permissions.HasRequiredAction"],
    "DEFAULT_PAGINATION_CLASS": "governance.core.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "governance.core.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tactful",
    "DESCRIPTION": "May this system personalise for this person, now, with which version, and why?",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Choice sets that share a field name get the name of what they describe.
    "ENUM_NAME_OVERRIDES": {
        "ActionStateEnum": "incidents.choices.ActionState",
        "AlertActionEnum": "audits.choices.AlertAction",
        "AlertEvidenceEnum": "audits.choices.AlertEvidence",
        "AlertKindEnum": "audits.choices.AlertKind",
        "AlertSideEnum": "audits.choices.AlertSide",
        "AlertStateEnum": "audits.choices.AlertState",
        "AlertStatusEnum": "audits.choices.AlertStatus",
        "AudienceEnum": "incidents.choices.Audience",
        "CommunicationStateEnum": "incidents.choices.CommunicationState",
        "CommunicationDeliveryStateEnum": "incidents.choices.DeliveryState",
        "AttributeKindEnum": "audits.choices.AttributeKind",
        "DrillVerdictEnum": "incidents.choices.DrillVerdict",
        "HoldEffectEnum": "governance.registry.choices.HoldEffect",
        "FindingStateEnum": "audits.choices.FindingState",
        "HarmReportStateEnum": "incidents.choices.ReportState",
        "IncidentKindEnum": "incidents.choices.Kind",
        "IncidentStateEnum": "incidents.choices.State",
        "IncidentStepStateEnum": "incidents.choices.StepState",
        "ClockStateEnum": "incidents.choices.ClockState",
        "TargetKindEnum": "incidents.choices.TargetKind",
        "TargetOrderStateEnum": "incidents.choices.OrderState",
        "LawfulBasisEnum": "governance.registry.choices.LawfulBasis",
        "LayerEnum": "consent.choices.Layer",
        "LiftStateEnum": ["awaiting_second_person", "lifted"],
        "PostMortemStateEnum": "incidents.choices.PostMortemState",
        "PlanChangeStateEnum": "audits.choices.PlanChangeState",
        "PlanStateEnum": "audits.choices.PlanState",
        "RemediationKindEnum": "audits.choices.RemediationKind",
        "RemediationStateEnum": "audits.choices.RemediationState",
        "RoleEnum": "governance.people.choices.Role",
        "RunPurposeEnum": "audits.choices.RunPurpose",
        "RunStateEnum": "audits.choices.RunState",
        "SafeguardKindEnum": "incidents.choices.SafeguardKind",
        "SourceKindEnum": "audits.choices.SourceKind",
        "VerdictEnum": "audits.choices.Verdict",
        "WebhookEndpointStateEnum": "governance.outbox.webhooks.models.EndpointState",
        "WebhookMessageStateEnum": "governance.outbox.webhooks.models.MessageState",
        "TimelineKindEnum": "incidents.choices.TimelineKind",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

BROKER_URL: str = env.read("BROKER_URL")
AUDIT_LEASE_SECONDS: int = env.read("TACTFUL_LEASE_SECONDS")
SOURCE_ROOTS: list[Path] = env.read("TACTFUL_SOURCE_ROOTS")
SOURCE_HOSTS: list[str] = env.read("TACTFUL_SOURCE_HOSTS")
NOTIFY_URLS: list[str] = env.read("TACTFUL_NOTIFY_URLS")
MLFLOW_HOSTS: list[str] = env.read("TACTFUL_MLFLOW_HOSTS")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
