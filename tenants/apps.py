from django.apps import AppConfig
from django.core.signals import request_finished


class TenantsConfig(AppConfig):
    """Who the farms are, and what every farm shares."""

    name = "tenants"
    verbose_name = "Installation"

    def ready(self):
        from tenants.web.middleware import leave_farm  # noqa: PLC0415 (models are not there before)

        # The only signal here: a response may be streamed long after the middleware.
        request_finished.connect(leave_farm, dispatch_uid="leave_farm")
