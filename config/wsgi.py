"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from config import telemetry
from tenants.web.printer_addresses import TokenInPath

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before the middleware is loaded; each worker imports this module after it was forked.
telemetry.configure()
django_application = get_wsgi_application()
django_application.request_class = import_string("tenants.web.requests.Request")
application = TokenInPath(django_application)
