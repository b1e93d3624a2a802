"""OpenTelemetry, on when ``OTEL_EXPORTER_OTLP_ENDPOINT`` names a collector; see docs/operations.md.

Services use OpenTelemetry's API alone (``tenants.operations.operation``). The SDK is imported when
it is switched on: off, it takes neither time nor memory.
"""

import logging
import os

from django.utils.module_loading import import_string

from config.env import env_str

logger = logging.getLogger(__name__)


def is_enabled():
    """Whether the environment names a collector, and does not disable the SDK."""
    is_disabled = env_str("OTEL_SDK_DISABLED").lower() == "true"
    return bool(env_str("OTEL_EXPORTER_OTLP_ENDPOINT")) and not is_disabled


def configure():
    """Export spans and metrics from now on, if that is enabled; returns whether it is on.

    Call it before the application is loaded, in the process that serves it. Never raises: the
    application also runs without telemetry.
    """
    if not is_enabled():
        return False
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        import_string("config.telemetry.export.start")()
    except Exception:
        logger.exception("Telemetry stays off")
        return False
    return True
