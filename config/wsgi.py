"""The WSGI application that gunicorn serves."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from django.utils.module_loading import import_string

from config import telemetry
from tenants.web.printer_addresses import TokenInPath

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before the middleware is loaded; each worker imports this module after it was forked.
telemetry.configure()
django_application = get_wsgi_application()
django_application.request_class = import_string("tenants.web.requests.Request")
application = TokenInPath(django_application)
# Load the views of all addresses now, which takes most of a second, and not in the first request.
for urlconf in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF, settings.PRINTERS_URLCONF):
    get_resolver(urlconf).reverse_dict  # noqa: B018 - finds all patterns
# What lives as long as the process is no garbage: nobody needs to look through it again.
gc.collect()
gc.freeze()
