"""Settings, from the environment that docs/configuration.md describes."""

import warnings
from pathlib import Path

from config.database import database
from config.env import (
    env_bool,
    env_hosts,
    env_int,
    env_list,
    env_origins,
    env_str,
    secret_key,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = (BASE_DIR / env_str("SPOOLBOOK_DATA", ".data")).resolve()
DEBUG = env_bool("SPOOLBOOK_DEBUG", default=True)
HTTPS = env_bool("SPOOLBOOK_HTTPS", default=not DEBUG)
SECRET_KEY = secret_key(DATA, is_production=not DEBUG)

# --- Farms -------------------------------------------------------------------------------------

# Which hosts are farms is said by the Domain table; every other host gets one and the same page.
ALLOWED_HOSTS = ["*"]
USE_X_FORWARDED_HOST = env_bool("SPOOLBOOK_BEHIND_PROXY", default=False)
PUBLIC_HOSTS = ["localhost", *env_hosts("SPOOLBOOK_PUBLIC_HOSTS")]
DEFAULT_FARM = env_str("SPOOLBOOK_DEFAULT_FARM")  # the slug that answers on bare IP addresses
# A new farm is <slug>.<this>.
FARM_DOMAIN = [*env_hosts("SPOOLBOOK_FARM_DOMAIN"), "localhost"][0]

TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

SHARED_APPS = [
    "django_tenants",
    "tenants",
    "tenants.accounts",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
TENANT_APPS = ["tenants.accounts", "django.contrib.sessions", "inventory", "production"]
# The admin is in neither list, so its LogEntry has no table: it refers to content types.
# It comes first, for django-tenants brings admin templates of its own.
INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    *SHARED_APPS,
    *(app for app in TENANT_APPS if app not in SHARED_APPS),
]

FARM_SEEDERS = ["production.services.seeds.seed"]
# What a request to a farm may not do to a table of it, even by raw SQL.
REVOKED_PRIVILEGES = {
    "inventory_inventorytransaction": "UPDATE, DELETE",
    "inventory_spoolevent": "UPDATE, DELETE",
    "production_runevent": "UPDATE, DELETE",
    "accounts_auditevent": "UPDATE, DELETE",
    "django_migrations": "INSERT, UPDATE, DELETE",
}

# --- Database and cache ------------------------------------------------------------------------

DATABASES = {"default": database(env_str("DATABASE_URL"), DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_FUNCTION": "tenants.hosts.cache_key",
    }
}

# --- Requests ----------------------------------------------------------------------------------

# Pages of other sites may call the API from a browser only if they are named here, and then with
# a token: no cookie ever goes with it.
CORS_ORIGINS = env_origins("SPOOLBOOK_CORS_ORIGINS")
CORS_URLS_REGEX = "^/api/"
CORS_ALLOW_ALL_ORIGINS = "*" in CORS_ORIGINS
CORS_ALLOWED_ORIGINS = [origin for origin in CORS_ORIGINS if origin != "*"]
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = [
    "Allow",
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "Retry-After",
    "X-Request-ID",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
MIDDLEWARE = [
    "tenants.web.middleware.CorrelationMiddleware",
    "tenants.web.content_policy.ContentPolicyMiddleware",
    *(["corsheaders.middleware.CorsMiddleware"] if CORS_ORIGINS else []),
    "tenants.web.requests.RefusingMiddleware",
    "tenants.web.middleware.HealthMiddleware",
    # Before everything that may touch the database: what stands above would run in whichever
    # farm the connection was in.
    "tenants.web.middleware.TenantMiddleware",
    "config.api.compression.CompressReads",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.accounts.floor_sessions.FloorSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATA_UPLOAD_MAX_MEMORY_SIZE = env_int("SPOOLBOOK_MAX_BODY_BYTES", 6_291_456)

# --- People ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "tenants.accounts.backend.RoleBackend",
    "tenants.accounts.backend.PinBackend",
]
# Where a session that was begun with a PIN is worth something.
PIN_SESSION_PATHS = "/(floor|[sSpPrR])/|/api/v1/spools/labels/$"
VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": f"{VALIDATORS}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "name", "email"]},
    },
    {"NAME": f"{VALIDATORS}.MinimumLengthValidator"},
    {"NAME": f"{VALIDATORS}.CommonPasswordValidator"},
]
if env_bool("SPOOLBOOK_FAST_PASSWORDS", default=False):  # the tests: thousands of sign-ins
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

# Cookies name no domain, so the browser gives them back to the host that set them alone.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}spoolbook-session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}spoolbook-csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "config.api.pages.form_not_taken"
CSRF_TRUSTED_ORIGINS = env_list("SPOOLBOOK_TRUSTED_ORIGINS")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Hardening ---------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env_int("SPOOLBOOK_HSTS_SECONDS", 31_536_000 if HTTPS else 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if USE_X_FORWARDED_HOST else None
# `check --deploy` is silent but for what is not ours to say: that every subdomain of a farm's host
# speaks https (W005), and that browsers may be told so for good (W021). A farm's host is often one
# name among others of a network.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Language, time, files ---------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
TIME_ZONE = "UTC"  # each farm's own is activated with the farm

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
# Served straight from where they lie, so that there is no step to forget between pull and run.
WHITENOISE_USE_FINDERS = True
# Nothing has to be collected first: WhiteNoise finds the files where they are.
warnings.filterwarnings("ignore", "No directory at", UserWarning)
WHITENOISE_AUTOREFRESH = DEBUG

# Fonts (.ttf) for letters on labels that the one we bring along lacks, such as Chinese.
FONTS = env_list("SPOOLBOOK_FONTS")


def WHITENOISE_ADD_HEADERS_FUNCTION(headers, path, url):
    """The floor's worker looks after the floor's pages, though it lies with the other files."""
    if url.endswith("/floor-worker.js"):
        headers["Service-Worker-Allowed"] = "/floor/"


# --- Limits ------------------------------------------------------------------------------------

API_REQUESTS_PER_MINUTE = env_int("SPOOLBOOK_API_RATE", 3000)  # of one token; 0: no limit
SIGN_IN_TRIES_PER_MINUTE = env_int("SPOOLBOOK_SIGN_IN_RATE", 30)  # from one address; 0: no limit

# --- API ---------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # First, for it names the scheme of a 401.
        "tenants.accounts.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["config.api.permissions.ByVerb"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "config.api.renderers.ProblemJSONRenderer",
        "config.api.renderers.BrowsableRenderer",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.api.negotiation.Negotiation",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "config.api.filters.BoundedSearch",
        "config.api.filters.StrictOrdering",
    ],
    "DEFAULT_PAGINATION_CLASS": "config.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "config.api.problems.handler",
    "DEFAULT_THROTTLE_CLASSES": ["tenants.api.throttles.RequestThrottle"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Spoolbook",
    "DESCRIPTION": (
        "The production and filament book of a 3D-print farm. Post a name and a password to "
        "`/api/v1/tokens/` for a token, and send it as `Authorization: Token spb_...`. Lists come "
        "in pages, or as CSV. A POST with an `Idempotency-Key` has its effect once. A problem is "
        "`application/problem+json`: its `code` is for programs, its `detail` for people."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ReasonKindEnum": "production.models.Reason.Kind",
        "StatusEnum": "production.models.ProductionRun.Status",
        "UndoKindEnum": "production.serializers.undo.KINDS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api.schema.with_problems",
        "config.api.examples.with_examples",
    ],
    # Served by this program: nothing is loaded from elsewhere.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- Logging -----------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logging.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env_str("SPOOLBOOK_LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"level": "INFO", "handlers": [], "propagate": True},
        # Django's runserver prints its own lines.
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
