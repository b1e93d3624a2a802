"""Settings, from the environment that docs/configuration.md describes."""

import tomllib
import warnings
from datetime import timedelta
from pathlib import Path

from config.database import databases, from_url
from config.env import (
    check_public_hosts,
    env_bool,
    env_hosts,
    env_int,
    env_list,
    env_networks,
    env_origins,
    env_str,
    secret_key,
)

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
DATA = (BASE_DIR / env_str("SPOOLBOOK_DATA", ".data")).resolve()
DEBUG = env_bool("SPOOLBOOK_DEBUG", default=True)
HTTPS = env_bool("SPOOLBOOK_HTTPS", default=not DEBUG)
BACKUPS = Path(env_str("SPOOLBOOK_BACKUPS") or DATA / "backups").resolve()
# The folder of the socket over which websockets are given to the process that holds them.
SOCKETS = Path(env_str("SPOOLBOOK_SOCKETS") or DATA / "sockets").resolve()
SECRET_KEY = secret_key(DATA, is_production=not DEBUG)

# --- Farms -------------------------------------------------------------------------------------

# The Domain table decides which hosts are farms; all other hosts get the same page.
ALLOWED_HOSTS = ["*"]
USE_X_FORWARDED_HOST = env_bool("SPOOLBOOK_BEHIND_PROXY", default=False)
# In production the public site is at the hosts that are named, and nowhere else.
IS_LOCAL = DEBUG and not USE_X_FORWARDED_HOST
PUBLIC_HOSTS = env_hosts("SPOOLBOOK_PUBLIC_HOSTS", "localhost" if IS_LOCAL else "")
check_public_hosts(PUBLIC_HOSTS, is_behind_proxy=USE_X_FORWARDED_HOST)
DEFAULT_FARM = env_str("SPOOLBOOK_DEFAULT_FARM")  # the slug that answers on bare IP addresses
# Private addresses of printers that may be asked for something; those of the internet may be.
PRINTER_NETWORKS = env_networks("SPOOLBOOK_PRINTER_NETWORKS")
LISTENING_HOST = env_str("SPOOLBOOK_LISTENING_HOST")  # where the web server listens, if known
PRACTICE_FARMS = env_int("SPOOLBOOK_PRACTICE_FARMS", 0)  # at once; 0: managers get none
PRACTICE_DAYS = env_int("SPOOLBOOK_PRACTICE_DAYS", 14)
# A new farm is <slug>.<this>.
FARM_DOMAIN = [*env_hosts("SPOOLBOOK_FARM_DOMAIN"), "localhost"][0]

TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
PRINTERS_URLCONF = "config.urls_printers"  # behind a token in the path
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
TENANT_APPS = [
    "tenants.accounts",
    "tenants.jobs",
    "django.contrib.sessions",
    "inventory",
    "production",
]
# The admin is in neither list, so its LogEntry, which refers to content types, has no table.
# It comes first because django-tenants has admin templates of its own.
INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    *SHARED_APPS,
    *(app for app in TENANT_APPS if app not in SHARED_APPS),
]

FARM_SEEDERS = ["inventory.services.seeds.seed", "production.services.seeds.seed"]
PUBLIC_JOB = "tenants.farms.requests.carry_out"  # what the worker does for the public site
# Privileges that a farm's role does not have on tables of the farm, even for raw SQL.
REVOKED_PRIVILEGES = {
    "inventory_inventorytransaction": "UPDATE, DELETE",
    "inventory_spoolevent": "UPDATE, DELETE",
    "production_runevent": "UPDATE, DELETE",
    "accounts_auditevent": "UPDATE, DELETE",
    "django_migrations": "INSERT, UPDATE, DELETE",
}

# --- Database and cache ------------------------------------------------------------------------

_login_urls = {
    "web": env_str("SPOOLBOOK_WEB_DATABASE_URL"),
    "site": env_str("SPOOLBOOK_SITE_DATABASE_URL"),
}
_prepares = env_bool("SPOOLBOOK_PREPARE_STATEMENTS", default=True)
_max_visits = env_int("SPOOLBOOK_MAX_VISITS", 180)
DATABASES = databases(
    env_str("DATABASE_URL"), _login_urls, DATA, prepares=_prepares, max_visits=_max_visits
)
# With it, each farm's role is a login too, whose password follows from it.
FARM_LOGIN_KEY = env_str("SPOOLBOOK_FARM_LOGIN_KEY")
# The names and passwords that `prepare` gives to the logins of the web server.
DATABASE_LOGINS = {login: from_url(url) for login, url in _login_urls.items() if url}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_FUNCTION": "tenants.schemas.current.cache_key",
    }
}

# --- Requests ----------------------------------------------------------------------------------

# Other sites may call the API from a browser only if they are listed here, and then with a token:
# cookies are never sent.
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
    "if-none-match",
    "prefer",
    "x-api-key",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = [
    "Allow",
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "X-Request-ID",
    "X-Total-Count",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
MIDDLEWARE = [
    "tenants.web.middleware.CorrelationMiddleware",
    "tenants.web.middleware.ContentPolicyMiddleware",
    *(["corsheaders.middleware.CorsMiddleware"] if CORS_ORIGINS else []),
    "tenants.web.middleware.RefusingMiddleware",
    "tenants.web.middleware.HealthMiddleware",
    # The same on any host: a page that says why there is no farm is styled too.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Before everything that may use the database: what comes earlier would run in the farm that the
    # connection was last in.
    "tenants.web.middleware.TenantMiddleware",
    "config.api.renderers.CompressReads",
    "django.middleware.security.SecurityMiddleware",
    "tenants.web.sessions.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.accounts.floor_sessions.FloorSessionMiddleware",
    "tenants.web.middleware.RateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.web.middleware.MethodMiddleware",
    "tenants.web.reads.ReadMiddleware",
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
MAX_FILE_BYTES = env_int("SPOOLBOOK_MAX_FILE_BYTES", 536_870_912)  # of a body with sliced files
FARM_FILE_BYTES = env_int("SPOOLBOOK_FARM_FILE_BYTES", 1_073_741_824)  # received at once

# --- People ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "tenants.accounts.backend.RoleBackend",
    "tenants.accounts.backend.PinBackend",
]
# The paths at which a session that was begun with a PIN is valid.
PIN_SESSION_PATHS = "/(floor|[sSpPrR]|spool/show)/|/api/v1/(spools/labels/$|pictures/)"
VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": f"{VALIDATORS}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "name", "email"]},
    },
    {"NAME": f"{VALIDATORS}.MinimumLengthValidator"},
    {"NAME": f"{VALIDATORS}.CommonPasswordValidator"},
    {"NAME": "tenants.accounts.passwords.NameValidator"},
]
PASSWORD_HASHERS = ["tenants.accounts.hashing.PasswordHasher"]
if env_bool("SPOOLBOOK_FAST_PASSWORDS", default=False):  # for tests, with thousands of sign-ins
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

# Cookies have no domain, so browsers send them to the host that set them alone.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_ENGINE = "tenants.web.sessions"
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
# Not for us to decide: whether every subdomain of a farm's host has https (W005), and whether
# browsers preload that (W021). A farm's host is often one name among others of a network.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Language, time, files ---------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
TIME_ZONE = "UTC"  # a farm's own is activated with the farm

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static", ("docs", BASE_DIR / "docs" / "images")]
STATIC_ROOT = BASE_DIR / "staticfiles"
# Served from the source folders: there is no collectstatic between pull and run.
WHITENOISE_USE_FINDERS = True
# WhiteNoise warns that STATIC_ROOT does not exist.
warnings.filterwarnings("ignore", "No directory at", UserWarning)
WHITENOISE_AUTOREFRESH = DEBUG

# Fonts (.ttf) for letters on labels that the built-in font lacks, such as Chinese.
FONTS = env_list("SPOOLBOOK_FONTS")


def WHITENOISE_ADD_HEADERS_FUNCTION(headers, path, url):
    """Say that a type is what it says, as SecurityMiddleware does, which static files don't pass;
    let the floor's service worker control the floor's pages."""
    headers["X-Content-Type-Options"] = "nosniff"
    if url.endswith("/floor-worker.js"):
        headers["Service-Worker-Allowed"] = "/floor/"


# --- Limits ------------------------------------------------------------------------------------

API_REQUESTS_PER_MINUTE = env_int("SPOOLBOOK_API_RATE", 3000)  # of one token; 0: no limit
FARM_REQUESTS_PER_MINUTE = env_int("SPOOLBOOK_FARM_RATE", 12_000)  # of all of them; 0: no limit
# Of the answers that a farm keeps for a day, as the database stores them; 0: no limit.
MAX_STORED_ANSWER_BYTES = env_int("SPOOLBOOK_MAX_STORED_ANSWER_BYTES", 50_000_000)
# Of the files that a farm's jobs have made, as they are kept for a day; 0: no limit.
MAX_JOB_RESULT_BYTES = env_int("SPOOLBOOK_MAX_JOB_RESULT_BYTES", 200_000_000)
# Of the pictures that a farm keeps; 0: no limit.
MAX_PICTURE_BYTES = env_int("SPOOLBOOK_MAX_PICTURE_BYTES", 500_000_000)
# Networks that an import from a Spoolman may ask, though their addresses are private.
SPOOLMAN_NETWORKS = env_networks("SPOOLBOOK_SPOOLMAN_NETWORKS")
# What clocks may differ by; beyond it nothing is posted.
CLOCK_TOLERANCE = timedelta(minutes=env_int("SPOOLBOOK_CLOCK_TOLERANCE", 5))
SIGN_IN_TRIES_PER_MINUTE = env_int("SPOOLBOOK_SIGN_IN_RATE", 30)  # from one address; 0: no limit

# --- API ---------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # First, as its scheme is the one in a 401.
        "tenants.api.access.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.access.ActionPermission"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "config.api.renderers.ProblemJSONRenderer",
        "config.api.renderers.BrowsableRenderer",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.api.renderers.Negotiation",
    "DEFAULT_FILTER_BACKENDS": [
        "config.api.filters.FilterBackend",
        "config.api.filters.BoundedSearch",
        "config.api.filters.StrictOrdering",
    ],
    "DEFAULT_PAGINATION_CLASS": "config.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "config.api.problems.handler",
    "DEFAULT_THROTTLE_CLASSES": ["tenants.api.access.RequestThrottle"],
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
    "SERVE_PERMISSIONS": ["tenants.api.access.SignedInPermission"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ActualSourceEnum": "production.models.ActualSource",
        "PlanSourceEnum": "production.models.PlanSource",
        "GramsSourceEnum": "production.models.GramsSource",
        "DeviceKindEnum": "tenants.accounts.models.DeviceToken.Kind",
        "JobStatusEnum": "tenants.jobs.models.Job.Status",
        "ReasonKindEnum": "production.models.Reason.Kind",
        "ScopeEnum": "tenants.accounts.scopes.CHOICES",
        "StatusEnum": "production.models.ProductionRun.Status",
        "StocktakeScopeEnum": "inventory.models.Stocktake.Scope",
        "UndoKindEnum": "production.serializers.undo.KINDS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api.schema.with_problems",
        "config.api.schema.with_strict_bodies",
    ],
    # Served by Spoolbook: nothing is loaded from other hosts.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": False},  # a link within a button: no way in by keyboard
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
        # A line for each job is ours: job.work.
        "procrastinate": {"level": "WARNING"},
        "websockets": {"level": "WARNING"},
        # Django's runserver logs its own lines.
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
